import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { silentLog } from '../../app/lib/log.ts'
import type { JournalEntry } from '../../app/store/journal.ts'
import type { Store } from '../../app/store/store.ts'
import type { ResendRequest } from '../../app/whatsapp/inbound/resend-request.ts'
import { Resends } from '../../app/whatsapp/resends.ts'
import { freshStore, START } from '../store/fixture.ts'
import { until } from './rig.ts'

const PHONE = '12025550101@s.whatsapp.net'
const COMPANION = '12025550101:7@s.whatsapp.net'

/** What an account owes over a connection that answers what `answer` says, and how often it was asked to send. */
async function owing(t: TestContext, { ackMs, answer }: { ackMs: number; answer: 'written' | 'unknown' }) {
  const store = await freshStore(t)
  const sent: string[] = []
  const resends = new Resends({
    ...{ account: 'main', store, log: silentLog, ackMs },
    now: () => START,
    random: () => 0,
  })
  const sendAgain = async ({ device }: ResendRequest) => {
    sent.push(device)
    return answer
  }
  resends.opened({ sendAgain })
  t.after(() => resends.abandon())
  let asked = 0
  const ask = async (device: string) => {
    const request = { messageId: 'OURS', chatJid: PHONE, device, count: 1 }
    resends.came(await journaled(store, ++asked), request)
  }
  const nothingOwed = () =>
    until('nothing to be owed', async () => (await store.journal.unfinished('main')).length === 0)
  return { store, resends, sent, ask, nothingOwed }
}

async function journaled(store: Store, n: number): Promise<JournalEntry> {
  const arrival = { account: 'main', digest: Uint8Array.of(n), at: START, stanza: Uint8Array.of(n) }
  return { ...arrival, seq: (await store.journal.add(arrival)) ?? 0 }
}

const AT_ONCE_MS = 1
const NEVER_MS = 60_000

test('an answer that is never acknowledged goes eight times, and is owed no longer', async t => {
  const { sent, ask, nothingOwed } = await owing(t, { ackMs: AT_ONCE_MS, answer: 'written' })
  await ask(PHONE)
  await nothingOwed()
  assert.equal(sent.length, 8)
})

test('each answer that is acknowledged is one that is owed no longer, and is not sent again', async t => {
  const { store, resends, sent, ask, nothingOwed } = await owing(t, { ackMs: NEVER_MS, answer: 'written' })
  await ask(PHONE)
  await ask(COMPANION)
  resends.acknowledged('ANOTHER')
  resends.acknowledged('OURS')
  await until('one to be over', async () => (await store.journal.unfinished('main')).length === 1)
  resends.acknowledged('OURS')
  await nothingOwed()
  assert.deepEqual(sent, [])
})

test('a message that is not there is owed to nobody', async t => {
  const { sent, ask, nothingOwed } = await owing(t, { ackMs: AT_ONCE_MS, answer: 'unknown' })
  await ask(PHONE)
  await nothingOwed()
  assert.equal(sent.length, 1)
})

test('a device that asks for one message a sixth time gets nothing any more; another one does', async t => {
  const { store, ask } = await owing(t, { ackMs: NEVER_MS, answer: 'written' })
  const owed = async () => (await store.journal.unfinished('main')).length
  for (let time = 1; time <= 8; time++) await ask(PHONE)
  await until('three of eight to be over', async () => (await owed()) === 5)
  await ask(COMPANION)
  assert.equal(await owed(), 6)
})

test('what was owed when a connection went goes over the next', async t => {
  const { resends, sent, ask, nothingOwed } = await owing(t, { ackMs: NEVER_MS, answer: 'written' })
  await ask(PHONE)
  resends.abandon()
  resends.opened({
    sendAgain: async ({ device }) => {
      sent.push(`again to ${device}`)
      return 'written'
    },
  })
  await until('it to be sent', () => sent.length === 1)
  resends.acknowledged('OURS')
  await nothingOwed()
  assert.deepEqual(sent, [`again to ${PHONE}`])
})

const GONE = Object.assign(new Error('Connection Closed'), { output: { statusCode: 428 } })
type Late = (under: PromiseWithResolvers<'written' | 'unknown'>) => void

for (const [what, late] of Object.entries<Late>({
  'is cut off': ({ reject }) => reject(GONE),
  'ends well': ({ resolve }) => resolve('written'),
})) {
  test(`an attempt that ${what} after the drop is made over the next connection, however long that takes`, async t => {
    const { store, resends, nothingOwed } = await owing(t, { ackMs: NEVER_MS, answer: 'written' })
    const entry = await journaled(store, 1)
    const underWay = Promise.withResolvers<'written' | 'unknown'>()
    resends.opened({ sendAgain: () => underWay.promise })
    resends.left(entry, { messageId: 'OURS', chatJid: PHONE, device: PHONE, count: 1 })
    await outage(t, resends, () => late(underWay))
    assert.equal(await sentOver(resends), 1)
    await nothingOwed()
  })
}

test('what a device asked for is owed as well when its connection went before the journal had it', async t => {
  const { resends, sent, ask, nothingOwed } = await owing(t, { ackMs: NEVER_MS, answer: 'written' })
  await outage(t, resends, () => ask(PHONE))
  assert.equal(await sentOver(resends), 1)
  assert.deepEqual(sent, [])
  await nothingOwed()
})

/** A connection goes, something happens, and every wait that this began is over before there is a new one. */
async function outage(t: TestContext, resends: Resends, late: () => void | Promise<void>): Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  resends.abandon()
  await late()
  await new Promise(setImmediate)
  t.mock.timers.tick(2 * NEVER_MS)
  t.mock.timers.reset()
}

/** How often something is sent at once over a new connection, where the server acknowledges it. */
async function sentOver(resends: Resends): Promise<number> {
  let sentCount = 0
  resends.opened({
    async sendAgain() {
      sentCount += 1
      return 'written'
    },
  })
  await new Promise(setImmediate)
  resends.acknowledged('OURS')
  return sentCount
}
