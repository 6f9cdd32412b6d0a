import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Limit } from '../../../app/policy/snapshot.ts'
import type { AppRig } from '../app-rig.ts'
import { ask, basic } from './ask.ts'

const BLOCKING: Limit = {
  ...{ name: 'failed-auth', key: ['remoteIp'], count: 3, periodMs: 300_000, burst: 3 },
  ...{ onExceed: 'block', blockForMs: 900_000 },
}
const [GUESSER, OTHER] = ['127.0.3.1', '127.0.3.2']

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
}

/** One alert of one address, and an entry of each guess. */
async function assertTold({ http }: AppRig): Promise<void> {
  const { items } = await http.store.events.list({ limit: 100 })
  const alerts = items.filter(({ data }) => data.reason === 'auth_failures').map(({ data }) => data.ip)
  assert.deepEqual(alerts, [GUESSER])
  const audit = await http.store.audit.list({ action: 'auth.refused', limit: 200 })
  const reasons = audit.items.filter(({ ip }) => ip === GUESSER).map(({ detail }) => detail?.reason)
  assert.deepEqual(
    reasons,
    Array.from({ length: 4 }, () => 'wrong_password'),
  )
}
