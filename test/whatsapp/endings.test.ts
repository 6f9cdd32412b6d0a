import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { meaningOf, type Verdict } from '../../app/whatsapp/connection/disconnect.ts'
import { CONTACT, OPERATOR, OURS, type Rig, startRig, text, until } from './rig.ts'

const LONG_ENOUGH_FOR_A_LOOP_MS = 600
const PATIENCE_MS = 30_000

/** Contract section 9's stream errors, each with what it has to come to. */
const CODES: readonly { code: number; verdict: Verdict; events: readonly string[] }[] = [
  { code: 515, verdict: 'restart', events: [] },
  { code: 408, verdict: 'retry', events: ['account.disconnected', 'account.connected'] },
  { code: 428, verdict: 'retry', events: ['account.disconnected', 'account.connected'] },
  { code: 500, verdict: 'retry', events: ['account.disconnected', 'account.connected'] },
  { code: 503, verdict: 'retry', events: ['account.disconnected', 'account.connected'] },
  { code: 411, verdict: 'refused', events: ['account.disconnected'] },
  { code: 403, verdict: 'restricted', events: ['account.disconnected', 'security.alert'] },
  { code: 463, verdict: 'restricted', events: ['account.disconnected', 'security.alert'] },
  { code: 440, verdict: 'replaced', events: ['account.replaced'] },
  { code: 401, verdict: 'logged-out', events: ['account.logged_out', 'security.alert'] },
]
const RETURNING: readonly Verdict[] = ['restart', 'retry']

describe('a stream that ends', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.link()
    await until('the link to be told', async () => (await rig.events()).length >= 2 || undefined)
  })
  after(() => rig.stop())

  async function handshakes(): Promise<number> {
    return Number((await rig.phones.get('/stats')).handshakes)
  }

  async function toldSince(from: number, count: number): Promise<readonly string[]> {
    return await until(`${count} events`, async () => {
      const types = (await rig.events()).slice(from).map(({ type }) => type)
      const own = types.filter(type => type.startsWith('account.') || type === 'security.alert')
      return own.length >= count ? own : undefined
    })
  }

  /** Ends the stream with `code`; answers once what follows has had its time. */
  async function endWith(code: number): Promise<{ told: readonly string[]; made: number }> {
    const from = (await rig.events()).length
    const before = await handshakes()
    await rig.phones.post('/faults', { kind: 'stream-error', code, account: OURS })
    const expected = CODES.find(each => each.code === code)?.events ?? []
    if (RETURNING.includes(meaningOf(code).verdict)) {
      await until('a new connection', async () => (await handshakes()) > before || undefined, PATIENCE_MS)
      await until('the account to be open', () => rig.account().state === 'open' || undefined, PATIENCE_MS)
    }
    await toldSince(from, expected.length)
    await sleep(LONG_ENOUGH_FOR_A_LOOP_MS)
    return { told: await toldSince(from, expected.length), made: (await handshakes()) - before }
  }

  for (const { code, verdict, events } of CODES.filter(each => RETURNING.includes(each.verdict))) {
    test(`with ${code}: one new connection by itself`, async () => {
      assert.equal(meaningOf(code).verdict, verdict)
      const { told, made } = await endWith(code)
      assert.equal(made, 1)
      assert.deepEqual(told, events)
      assert.equal((await rig.send(CONTACT, text(`after ${code}`))).kind, 'acked')
    })
  }

  for (const { code, verdict, events } of CODES.filter(each => !RETURNING.includes(each.verdict))) {
    const isGone = verdict === 'logged-out'
    test(`with ${code}: no new connection until somebody ${isGone ? 'links it' : 'restarts it'}, and sends wait`, async () => {
      assert.equal(meaningOf(code).verdict, verdict)
      const { told, made } = await endWith(code)
      assert.equal(made, 0)
      assert.deepEqual(told, events)
      const { state, reason, health } = rig.account()
      assert.equal(state, isGone ? 'logged_out' : 'closed')
      assert.equal(reason, meaningOf(code).reason)
      assert.deepEqual(health, { connected: false, receiving: false, sending: false })
      assert.deepEqual(rig.sessions.openAccounts(), [])
      assert.equal((await rig.send(CONTACT, text('not now'))).kind, 'retry')
      if (isGone) {
        assert.equal((await rig.sessions.restart('main', OPERATOR)).kind, 'wrong-state')
        await rig.phones.post(`/accounts/${OURS}/unlink`)
        await rig.link()
      } else {
        assert.equal((await rig.sessions.restart('main', OPERATOR)).kind, 'done')
        await rig.opened()
      }
      assert.equal((await rig.send(CONTACT, text(`after ${code}`))).kind, 'acked')
    })
  }

  test('at every log-in with the same refusal is not asked for again', async () => {
    const before = await handshakes()
    await rig.phones.post('/faults', { kind: 'stream-error', code: 403, account: OURS, count: 1_000 })
    await until('the end', () => rig.account().state === 'closed' || undefined)
    await rig.sessions.restart('main', OPERATOR)
    await until('the refusal', () => rig.account().state === 'closed' || undefined)
    await sleep(LONG_ENOUGH_FOR_A_LOOP_MS)
    assert.equal((await handshakes()) - before, 1)
  })
})

test('a policy that wants no alert for a lost device gets its event alone', async t => {
  const rig = await startRig({ policy: { alertsOnLoggedOut: false } })
  t.after(() => rig.stop())
  await rig.link()
  await rig.phones.post(`/accounts/${OURS}/unlink`)
  const types = await until('the event', async () => {
    const all = (await rig.events()).map(({ type }) => type)
    return all.includes('account.logged_out') ? all : undefined
  })
  assert.ok(!types.includes('security.alert'))
})

test('what nobody knows is tried again, and a connection that ended without a code too', () => {
  assert.equal(meaningOf(599).verdict, 'retry')
  assert.equal(meaningOf(undefined).verdict, 'retry')
})
