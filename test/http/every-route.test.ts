import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Router } from 'express'
import { EXAMPLES, sourceOf } from '../../app/http/docs/examples.ts'
import { type Document as ClientsDocument, moduleOf } from '../../scripts/clients/typescript/operations.ts'
import { type Answer, type RunningHttp, startHttp } from './running-http.ts'

type Known = { readonly method: string; readonly path: string }
type ExpressRoute = { readonly path: unknown; readonly stack: readonly { readonly method?: string }[] }

/** What anybody may ask who is known at all. */
const EXAMPLE_PAGES = EXAMPLES.map(({ name }) => `GET /docs/${name}`)
const OF_ANYBODY = ['GET /v1/whoami', 'GET /v1/openapi.json', 'GET /docs', ...EXAMPLE_PAGES]

/** Routes that clients cannot reach or that are no API: those of the control socket, and the pages for operators. */
const UNDESCRIBED =
  /^(POST \/v1\/policy\/(apply|rollback|unpin)|GET \/v1\/(keys|policy\/(files|decisions))|GET \/(assets\/.*)?)$/
const PROBES = ['GET /livez', 'GET /readyz']

type Operation = {
  readonly operationId: string
  readonly 'x-postern-action'?: string
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
}

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

/** Whatever stands under a member `schema` or among the named ones. */
function schemasIn(value: unknown, isNames = false): readonly object[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'schema' || isNames ? [member as object] : schemasIn(member, name === 'schemas'),
  )
}

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

describe('the description of all routes', () => {
  let served: Answer
  let document: Document
  before(async () => {
    served = await http.ask({ path: '/v1/openapi.json', as: 'narrow' })
    document = served.json as unknown as Document
  })

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        operation,
      })),
    )

  test('has every route that a client can reach, and no other', () => {
    const routes = known
      .map(({ method, path }) => `${method} ${path}`)
      .filter(name => !UNDESCRIBED.test(name))
      .map(name => name.replaceAll(/:(\w+)/g, '{$1}'))
    const described = operations().map(({ name }) => name)
    assert.deepEqual(described.toSorted(), [...routes, ...PROBES].toSorted())
  })

  test('names the action that each needs, and each operation once', () => {
    const free = operations().filter(({ operation }) => operation['x-postern-action'] === undefined)
    const open = [...OF_ANYBODY, ...PROBES]
    assert.deepEqual(free.map(({ name }) => name).toSorted(), open.toSorted())
    const ids = operations().map(({ operation }) => operation.operationId)
    assert.equal(new Set(ids).size, ids.length)
  })

  test('is OpenAPI 3.1: its schemas are schemas, what it points to is there, each path has its parameters', () => {
    assert.match(served.json.openapi as string, /^3\.1\./)
    const ajv = new Ajv2020({ strict: false })
    for (const schema of schemasIn(document)) assert.ok(ajv.validateSchema(schema), ajv.errorsText())
    for (const [, path = ''] of served.bytes.toString().matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const steps = path.split('/')
      const found = steps.reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], document)
      assert.ok(found !== undefined, path)
    }
    for (const { name, operation } of operations()) {
      const { parameters = [], responses } = operation
      const inPath = parameters.filter(one => one.in === 'path').map(one => `{${one.name}}`)
      assert.deepEqual(inPath, name.match(/\{\w+\}/g) ?? [], name)
      for (const { description } of Object.values(responses)) assert.equal(typeof description, 'string', name)
    }
  })

  test('is served to anybody who is known, and not twice to who has it', async () => {
    assert.deepEqual(
      [served.status, served.headers['content-type']],
      [200, 'application/json; charset=utf-8'],
    )
    const headers = { 'if-none-match': served.headers.etag ?? '' }
    const again = await http.ask({ path: '/v1/openapi.json', as: 'narrow', headers })
    assert.equal(again.status, 304)
    assert.equal((await http.ask({ path: '/v1/openapi.json' })).status, 401)
  })

  test('is what the TypeScript client is typed by: scripts/clients/typescript/generate.ts writes it anew', () => {
    const file = join(import.meta.dirname, '../../scripts/clients/typescript/generated/postern.ts')
    assert.ok(readFileSync(file, 'utf8') === moduleOf(document as unknown as ClientsDocument), file)
  })

  test('is a page that needs nothing from elsewhere, as its examples are', async () => {
    const html = await readPage('/docs')
    for (const { operation } of operations()) assert.ok(html.includes(`id="${operation.operationId}"`))
    for (const example of EXAMPLES) {
      assert.ok(html.includes(`href="/docs/${example.name}"`))
      const written = (await readPage(`/docs/${example.name}`)).replaceAll(/&#(\d+);/g, (_, code) =>
        String.fromCharCode(Number(code)),
      )
      assert.ok(written.includes(sourceOf(example)), example.name)
    }
    assert.equal((await http.ask({ path: '/docs', site: 'dashboard' })).status, 401)
  })

  async function readPage(path: string): Promise<string> {
    const page = await http.ask({ path, as: 'narrow' })
    assert.deepEqual([page.status, page.headers['content-type']], [200, 'text/html; charset=utf-8'])
    const html = page.bytes.toString()
    assert.doesNotMatch(html, /<script|<link|<img|url\(|@import|\b(src|href)="(?![#/][\w#])/)
    const style = /<style>(.*)<\/style>/s.exec(html)?.[1] ?? ''
    const digest = createHash('sha256').update(style).digest('base64')
    const policy = page.headers['content-security-policy'] ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.ok(policy.includes(`style-src 'sha256-${digest}'`), policy)
    return html
  }
})
