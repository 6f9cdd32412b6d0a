import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { after, before, describe, test } from 'node:test'
import type { Log, LogFields } from '../../app/lib/log.ts'
import { CONTACT, newMessageId, OPERATOR, OURS, type Rig, startRig, text, until } from './rig.ts'

const SKEW_MS = 3_600_000
const TOLERANCE_MS = 120_000

const lines: string[] = []
const write = (event: string, fields?: LogFields) => void lines.push(JSON.stringify({ event, ...fields }))
const log: Log = { debug: write, info: write, warn: write, error: write }

const points: string[] = []
const note = (message: unknown) => void points.push((message as { point: string }).point)

describe('the health of an account', () => {
  let rig: Rig
  before(async () => {
    subscribe('postern:step', note)
    rig = await startRig({ timings: { ackMs: 500 }, log })
    await rig.link()
    await until('the link to be told', async () => (await rig.events()).length >= 2 || undefined)
  })
  after(async () => {
    await rig.stop()
    unsubscribe('postern:step', note)
  })

  async function toldSince(from: number, count: number): Promise<readonly unknown[]> {
    const events = await until(`${count} events`, async () => {
      const all = (await rig.events()).slice(from).filter(({ type }) => type.startsWith('account.'))
      return all.length >= count ? all : undefined
    })
    return events.map(({ type, data }) => (data.reason === undefined ? type : [type, data.reason]))
  }

  /** How many events there are once the last opening is told. */
  async function settled(): Promise<number> {
    return await until('the last opening to be told', async () => {
      const events = await rig.events()
      const last = events.findLast(({ type }) => type.startsWith('account.'))
      return last?.type === 'account.connected' ? events.length : undefined
    })
  }

  test('names the points that a session passes', () => {
    const own = points.filter(point => point.startsWith('session.'))
    // The first connection may end while the link is still being written down.
    assert.deepEqual(own.slice(0, -1).sort(), ['session.closed', 'session.linked'])
    assert.equal(own.at(-1), 'session.opened')
  })

  test('does not claim sending while acks are missing, and does again after one', async () => {
    await rig.phones.post(`/phones/${CONTACT}/off`) // no receipt may stand in for an ack
    await rig.phones.post('/faults', { kind: 'no-ack', count: 3 })
    for (const body of ['one', 'two', 'three']) {
      assert.equal(rig.account().health.sending, true)
      assert.equal((await rig.send(CONTACT, text(body), newMessageId())).kind, 'retry')
    }
    assert.deepEqual(rig.account().health, { connected: true, receiving: true, sending: false })
    assert.equal((await rig.send(CONTACT, text('four'))).kind, 'acked')
    assert.equal(rig.account().health.sending, true)
    await rig.phones.post(`/phones/${CONTACT}/on`)
  })

  test("tells how far WhatsApp's clock is from ours, and warns once when that is far", async () => {
    assert.ok(Math.abs(rig.account().clockAheadMs ?? SKEW_MS) < TOLERANCE_MS)
    assert.ok(!lines.some(line => line.includes('whatsapp.clock_skew')))
    await rig.phones.post('/faults', { kind: 'clock-skew', account: OURS, skew_ms: SKEW_MS })
    for (const body of ['skewed', 'still']) await rig.send(CONTACT, text(body))
    assert.ok(Math.abs((rig.account().clockAheadMs ?? 0) - SKEW_MS) < TOLERANCE_MS)
    assert.equal(lines.filter(line => line.includes('whatsapp.clock_skew')).length, 1)
    await rig.sessions.restart('main', OPERATOR) // the fault ends with its connection
    await rig.opened()
    await until('the clocks to agree', () => lines.some(line => line.includes('clock_agrees')) || undefined)
  })

  test('is told once a change, also when operators make it', async () => {
    const from = await settled()
    await rig.sessions.restart('main', OPERATOR)
    await rig.opened()
    await rig.sessions.pause('main', OPERATOR)
    await rig.sessions.pause('main', OPERATOR)
    await rig.sessions.resume('main', OPERATOR)
    await rig.opened()
    assert.deepEqual(await toldSince(from, 4), [
      ['account.disconnected', 'restarted by ops'],
      'account.connected',
      ['account.disconnected', 'paused by ops'],
      'account.connected',
    ])
  })

  test('is told when the appliance stops and starts', async () => {
    const from = await settled()
    await rig.restart()
    await rig.opened()
    assert.deepEqual(await toldSince(from, 2), [
      ['account.disconnected', 'the appliance is stopping'],
      'account.connected',
    ])
  })
})
