import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTACT, newMessageId, type Rig, startRig, text, until } from './rig.ts'

const MESSAGES = 60
const PACE_MS = 40
const PATIENCE_MS = 60_000
const REFRESH = { policy: { refreshEveryMs: 500 }, timings: { lookMs: 50, ackMs: 3_000 } }

/** Sends as the outbox does: the same id again until somebody acknowledges it. */
async function insist(rig: Rig, body: string): Promise<string> {
  const messageId = newMessageId()
  while ((await rig.send(CONTACT, text(body), messageId)).kind !== 'acked') await sleep(PACE_MS)
  return messageId
}

async function handshakes(rig: Rig): Promise<number> {
  return Number((await rig.phones.get('/stats')).handshakes)
}

test('refreshes in the middle of traffic lose nothing, double nothing and are told to nobody', async t => {
  const rig = await startRig(REFRESH)
  t.after(() => rig.stop())
  await rig.link()
  const before = await handshakes(rig)
  const sent: string[] = []
  const received: string[] = []
  for (let n = 0; n < MESSAGES; n++) {
    received.push(await rig.contactSays(`in ${n}`))
    sent.push(await insist(rig, `out ${n}`))
    await sleep(PACE_MS)
  }
  await until(
    'everything',
    async () => {
      const last = received.at(-1) ?? ''
      return (
        (await rig.store.messages.get('main', last)) && (await rig.phones.inbox(CONTACT)).length >= MESSAGES
      )
    },
    PATIENCE_MS,
  )
  assert.ok((await handshakes(rig)) - before >= 2, 'it was refreshed more than once')
  assert.deepEqual(
    (await rig.phones.inbox(CONTACT)).map(({ id }) => id),
    sent,
  )
  const events = await rig.events()
  const arrived = events.filter(({ type }) => type === 'message.received').map(({ data }) => data.message_id)
  assert.deepEqual(arrived, received)
  assert.deepEqual(
    events.map(({ type }) => type).filter(type => type.startsWith('account.')),
    ['account.linked', 'account.connected'],
  )
  const stats = await rig.phones.get('/stats')
  assert.equal(stats.violations, 0, JSON.stringify(stats.last_violations))
})

test('a quiet account is refreshed at its time, and not before', async t => {
  const rig = await startRig({ policy: { refreshEveryMs: 5_000 }, timings: { lookMs: 50 } })
  t.after(() => rig.stop())
  await rig.link()
  const before = await handshakes(rig)
  await sleep(3_500)
  assert.equal(await handshakes(rig), before)
  await until('the refresh', async () => (await handshakes(rig)) > before || undefined)
  await rig.opened()
})
