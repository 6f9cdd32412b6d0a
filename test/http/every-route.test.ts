import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Router } from 'express'
import { type RunningHttp, startHttp } from './running-http.ts'

type Known = { readonly method: string; readonly path: string }
type ExpressRoute = { readonly path: unknown; readonly stack: readonly { readonly method?: string }[] }

/** What anybody may ask who is known at all. */
const OF_ANYBODY = ['GET /v1/whoami']

/** Remembers every route that Express is given while something is built. */
async function watched<T>(build: () => Promise<T>): Promise<{ built: T; routes: readonly ExpressRoute[] }> {
  const routes: ExpressRoute[] = []
  const { route } = Router.prototype
  Router.prototype.route = function (path: string) {
    const made = route.call(this, path)
    routes.push(made)
    return made
  }
  try {
    return { built: await build(), routes }
  } finally {
    Router.prototype.route = route
  }
}

let http: RunningHttp
let known: readonly Known[] = []
before(async () => {
  const { built, routes } = await watched(() => startHttp())
  http = built
  const named = routes.flatMap(({ path, stack }) =>
    stack.flatMap(({ method }) => (method === undefined ? [] : [`${method.toUpperCase()} ${String(path)}`])),
  )
  known = [...new Set(named)].map(name => {
    const [method = '', path = ''] = name.split(' ')
    return { method, path }
  })
})
after(() => http.stop())

/** A path with something in the place of each parameter; with `+`, as in a URL. */
function filled(path: string): string {
  const values: Readonly<Record<string, string>> = {
    account: 'main',
    version: 'v23.0',
    group: '120363000000000001@g.us',
    channel: '120363000000000001@newsletter',
  }
  return path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? '+12025550111'))
}

async function answers(): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (const { method, path } of known) {
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} }
    const { status } = await http.ask({ path: filled(path), method, as: 'billing', ...body })
    found.set(`${method} ${path}`, status)
  }
  return found
}

test('Express has the routes that the contract names', () => {
  const names = known.map(({ method, path }) => `${method} ${path}`)
  for (const name of [
    'POST /v1/accounts/:account/messages',
    'PATCH /v1/accounts/:account/groups/:group',
    'PUT /v1/contacts/:phone/consent',
    'POST /graph/:version/:account/messages',
  ])
    assert.ok(names.includes(name), name)
  assert.ok(names.length > 50)
})

test('every route is behind an action of the policy: nobody without a rule gets anywhere', async () => {
  http.setPolicy({ rules: [] })
  const open = [...(await answers())].filter(([name, status]) => {
    return status !== 403 && status !== 404 && !OF_ANYBODY.includes(name)
  })
  assert.deepEqual(open, [])
})

test('who may do everything is refused at none, and no empty or odd request makes one fail', async () => {
  const rule = {
    id: 'everything',
    effect: 'allow',
    principals: ['billing'],
    actions: ['*'],
    when: {},
  } as const
  http.setPolicy({ rules: [rule] })
  const wrong = [...(await answers())].filter(([, status]) => status === 403 || status === 500)
  assert.deepEqual(wrong, [])
})
