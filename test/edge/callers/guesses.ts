import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Limit } from '../../../app/policy/snapshot.ts'
import type { AppRig } from '../app-rig.ts'
import { get, open } from '../raw-request.ts'
import { type Ask, ask, basic } from './ask.ts'

const BLOCKING: Limit = {
  ...{ name: 'failed-auth', key: ['remoteIp'], count: 3, periodMs: 300_000, burst: 3 },
  ...{ onExceed: 'block', blockForMs: 900_000 },
}
const [GUESSER, OTHER, BURSTER, LEAVER] = ['127.0.3.1', '127.0.3.2', '127.0.3.3', '127.0.3.4']
const REQUESTS = 'http.server.request.start'

/** Passwords are looked at by Caddy, and counted by the app. */
export function guessTests(rigOf: () => AppRig): void {
  test('an address that guesses passwords is kept out of every site, with the right one too', async () => {
    const rig = rigOf()
    const tell = async (site: 'api' | 'dashboard', from: string, more = {}) =>
      (await ask(rig, rig.honest, { site, from, ...more })).told
    const wrong = { known: false, headers: [`Authorization: ${basic('oncall', 'wrong')}`] }
    rig.setPolicy({ limits: new Map([[BLOCKING.name, BLOCKING]]) })
    for (let i = 0; i < 6; i++)
      assert.equal(
        await tell('dashboard', GUESSER, { known: false }),
        '401 edge.401',
        'a first visit is no guess',
      )
    for (let i = 0; i < 3; i++) {
      assert.equal(await tell('dashboard', GUESSER), '200 oncall')
      assert.equal(await tell('dashboard', GUESSER, wrong), '401 edge.401')
    }
    assert.equal(await tell('dashboard', GUESSER, wrong), '429 blocked')
    assert.equal(await tell('dashboard', GUESSER), '429 blocked')
    assert.equal(await tell('api', GUESSER), '429 blocked')
    assert.equal(await tell('dashboard', OTHER), '200 oncall')
    assert.equal(await tell('api', OTHER), '200 billing')
    await assertTold(rig)
    rig.setPolicy({ limits: new Map() })
  })

  test('a burst of guesses is hashed one after the other until the address is kept out; who knows the password is not held up', async () => {
    const rig = rigOf()
    const tell = async (more: Partial<Ask>) =>
      (await ask(rig, rig.honest, { site: 'dashboard', ...more })).told
    rig.setPolicy({ limits: new Map([[BLOCKING.name, BLOCKING]]) })
    const guesses = Array.from({ length: 12 }, (_, n) => `Authorization: ${basic('oncall', `burst ${n}`)}`)
    const told = await Promise.all([
      ...guesses.map(guess => tell({ from: BURSTER, known: false, headers: [guess] })),
      ...Array.from({ length: 30 }, () => tell({ from: OTHER })),
    ])
    assert.deepEqual(countsOf(told.slice(0, 12)), { '401 edge.401': 3, '429 blocked': 9 })
    assert.deepEqual(countsOf(told.slice(12)), { '200 oncall': 30 })
    assert.equal((await refusalsOf(rig, BURSTER)).length, 4)
    assert.deepEqual(await refusalsOf(rig, OTHER), [])
    rig.setPolicy({ limits: new Map() })
  })

  test('a guess is counted when its caller hangs up before it was judged', { timeout: 60_000 }, async () => {
    const rig = rigOf()
    const { port, ...to } = { port: rig.ports.dashboard, ca: rig.edge.ca, from: LEAVER }
    const socket = open({ port, ...to })
    const leave = (message: unknown) => {
      const { rawHeaders } = (message as { request: IncomingMessage }).request
      if (rawHeaders.includes(LEAVER)) setImmediate(() => socket.destroy())
    }
    subscribe(REQUESTS, leave)
    socket.on('error', () => {})
    socket.write(get('/', `localhost:${port}`, [`Authorization: ${basic('oncall', 'left')}`]))
    await once(socket, 'close')
    unsubscribe(REQUESTS, leave)
    while ((await refusalsOf(rig, LEAVER)).length === 0) await setTimeout(50)
    const [reason, ...more] = await refusalsOf(rig, LEAVER)
    assert.match(String(reason), /^(abandoned|wrong)_password$/)
    assert.deepEqual(more, [])
  })
}

function countsOf(told: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const one of told) counts[one] = (counts[one] ?? 0) + 1
  return counts
}

async function refusalsOf({ http }: AppRig, from: string): Promise<unknown[]> {
  const { items } = await http.store.audit.list({ action: 'auth.refused', limit: 200 })
  return items.filter(({ ip }) => ip === from).map(({ detail }) => detail?.reason)
}

/** One alert of one address, and an entry of each guess. */
async function assertTold(rig: AppRig): Promise<void> {
  const { items } = await rig.http.store.events.list({ limit: 100 })
  const alerts = items.filter(({ data }) => data.reason === 'auth_failures').map(({ data }) => data.ip)
  assert.deepEqual(alerts, [GUESSER])
  assert.deepEqual(
    await refusalsOf(rig, GUESSER),
    Array.from({ length: 4 }, () => 'wrong_password'),
  )
}
