import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from '../../app/model/account.ts'
import { CONTACT, OPERATOR, OURS, type Rig, startRig, text, until } from './rig.ts'

const LONG_ENOUGH_FOR_A_LOOP_MS = 400

describe('a connection that ends', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.link()
  })
  after(() => rig.stop())

  async function strike(fault: object): Promise<Account> {
    await rig.phones.post('/faults', { account: OURS, ...fault })
    return await until('the account to notice', () =>
      rig.account().state === 'open' ? undefined : rig.account(),
    )
  }

  async function connections(): Promise<number> {
    return Number((await rig.phones.get('/stats')).connections)
  }

  async function types(): Promise<readonly string[]> {
    return (await rig.events()).map(event => event.type)
  }

  const passing = [
    { name: 'is cut', fault: { kind: 'drop-connection' } },
    { name: 'gets a stream error 515', fault: { kind: 'stream-error', code: 515 } },
    { name: 'gets a stream error 500', fault: { kind: 'stream-error', code: 500 } },
    { name: 'finds the service unavailable', fault: { kind: 'service-unavailable' } },
    { name: 'receives a frame that no key decrypts', fault: { kind: 'corrupt-frame' } },
  ]
  for (const { name, fault } of passing) {
    test(`comes back by itself after it ${name}`, async () => {
      const down = await strike(fault)
      assert.equal(down.state, 'connecting')
      assert.deepEqual(down.health, { connected: false, receiving: false, sending: false })
      await rig.opened()
      assert.equal((await rig.send(CONTACT, text(name))).kind, 'acked')
    })
  }

  test('tells the world that it went and came back', async () => {
    const before = (await types()).length
    await strike({ kind: 'drop-connection' })
    await rig.opened()
    const told = await until('both events', async () => {
      const news = (await types()).slice(before).filter(type => type.startsWith('account.'))
      return news.length > 1 ? news : undefined
    })
    assert.deepEqual(told, ['account.disconnected', 'account.connected'])
  })

  test('does not fight when another connection takes its device over, until somebody restarts it', async () => {
    const closed = await strike({ kind: 'conflict' })
    assert.equal(closed.state, 'closed')
    assert.match(closed.reason ?? '', /another connection/)
    await sleep(LONG_ENOUGH_FOR_A_LOOP_MS)
    assert.equal(await connections(), 0)
    assert.equal((await types()).at(-1), 'account.replaced')
    assert.equal((await rig.sessions.restart('main', OPERATOR)).kind, 'done')
    await rig.opened()
  })

  test('is over when the phone removes the device: nothing of it is kept and nothing is tried', async () => {
    await rig.phones.post(`/accounts/${OURS}/unlink`)
    const gone = await until('the end', () =>
      rig.account().state === 'logged_out' ? rig.account() : undefined,
    )
    assert.match(gone.reason ?? '', /link the account again/)
    await until('the event', async () => (await types()).includes('account.logged_out') || undefined)
    await sleep(LONG_ENOUGH_FOR_A_LOOP_MS)
    assert.equal(await connections(), 0)
    const device = await rig.store.accounts.get('main')
    assert.equal(device?.credentials.length, 0)
    assert.equal((await rig.send(CONTACT, text('gone'))).kind, 'retry')
  })

  test('is still known to be logged out after a restart, and can be linked anew', async () => {
    await rig.restart()
    assert.equal(rig.account().state, 'logged_out')
    await rig.link()
    assert.equal((await rig.send(CONTACT, text('linked anew'))).kind, 'acked')
  })

  test('is given up when it cannot come back for longer than the policy allows, with the reason', async () => {
    await rig.phones.post('/faults', { kind: 'service-unavailable', count: 1_000 })
    await rig.restart({ policy: { reconnect: { maxBackoffMs: 100, giveUpAfterMs: 300 } } })
    const closed = await until('the end', () =>
      rig.account().state === 'closed' ? rig.account() : undefined,
    )
    assert.match(closed.reason ?? '', /gave up/)
  })
})
