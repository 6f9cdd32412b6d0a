import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { proto } from '@whiskeysockets/baileys'
import { PosternError } from '../../app/lib/error.ts'
import { type Log, silentLog } from '../../app/lib/log.ts'
import type { Recording } from '../../app/store/journal.ts'
import type { Store } from '../../app/store/store.ts'
import { encodeStanza } from '../../app/whatsapp/journal/arrival.ts'
import { outgoing, START } from '../store/fixture.ts'
import { BOB, type Journaled, type JournaledOptions, journaled, ME, padded, stanzaOf } from './journaled.ts'
import { until } from './rig.ts'

/** A log that keeps the names of what went wrong. */
function remembering(): { readonly log: Log; readonly errors: string[] } {
  const errors: string[] = []
  return { errors, log: { ...silentLog, error: event => void errors.push(event) } }
}

type Record = Store['journal']['record']

function recordedBy(change: (real: Record, recording: Recording) => ReturnType<Record>) {
  const store = (real: Store): Store => ({
    ...real,
    journal: { ...real.journal, record: recording => change(real.journal.record, recording) },
  })
  return { store }
}

/** A recording in which the message A was sent at no time: the real store refuses it. */
const refusable = recordedBy((record, recording) => {
  const changes = recording.changes.map(change => {
    if (change.kind !== 'message' || change.message.messageId !== 'A') return change
    return { ...change, message: { ...change.message, createdAt: new Date(Number.NaN) } }
  })
  return record({ ...recording, changes })
})

async function saying(t: TestContext, ids: readonly string[], options: JournaledOptions): Promise<Journaled> {
  const rig = await journaled(t, options)
  for (const id of ids) await rig.came(stanzaOf(id), padded({ conversation: id }))
  return rig
}

/** The messages that have been told since. */
async function idsOf(rig: Journaled): Promise<readonly unknown[]> {
  return (await rig.news()).map(({ data }) => data.message_id)
}

/** The messages that are told first. */
async function firstOf(rig: Journaled, count: number): Promise<readonly unknown[]> {
  const told: unknown[] = []
  await until(`${count} events`, async () => {
    told.push(...(await idsOf(rig)))
    return told.length >= count || undefined
  })
  return told
}

test('what the store refuses for good is left where it is, and the line goes on', async t => {
  const { log, errors } = remembering()
  const rig = await saying(t, ['A', 'B', 'C'], { ...refusable, log })
  assert.deepEqual(await firstOf(rig, 2), ['B', 'C'])
  assert.equal((await rig.store.journal.unfinished('main')).length, 1)
  assert.equal(errors.filter(event => event === 'journal.unreadable').length, 1)
  await rig.came(stanzaOf('LATER'), padded({ conversation: 'later' }))
  await rig.settled()
  assert.deepEqual(await idsOf(rig), ['LATER'])
})

test('what is damaged when it is taken up is left where it is, and the others are told', async t => {
  const { log, errors } = remembering()
  const rig = await journaled(t, { log })
  const arrivals = ['A', 'B'].map(id => ({
    ...{ account: 'main', digest: Buffer.from(id), at: START, plaintext: padded({ conversation: id }) },
    stanza: encodeStanza({ node: stanzaOf(id), me: ME }),
  }))
  for (const arrival of arrivals) await rig.store.journal.add(arrival)
  const db = new DatabaseSync(join(rig.dataDir, 'postern.db'))
  db.prepare('UPDATE journal SET stanza = zeroblob(99) WHERE digest = ?').run(Buffer.from('A'))
  db.close()
  await rig.resume()
  assert.deepEqual(await firstOf(rig, 1), ['B'])
  assert.deepEqual(errors, ['journal.unreadable'])
  assert.equal((await rig.store.journal.unfinished('main')).length, 1)
})

test('a disk that was full for a while loses and overtakes nothing', async t => {
  const { log, errors } = remembering()
  let failures = 0
  const full = recordedBy(async (record, recording) => {
    if (++failures > 3) return await record(recording)
    throw new PosternError('store.full', 'the disk is full: make room')
  })
  const rig = await saying(t, ['A', 'B', 'C'], { ...full, log })
  assert.deepEqual(await firstOf(rig, 3), ['A', 'B', 'C'])
  assert.deepEqual(await rig.store.journal.unfinished('main'), [])
  assert.ok(!errors.includes('journal.unreadable'), errors.join())
})

const IO = new PosternError('store.io', 'the disk failed while the database was reading or writing')
const LID = '98765432101234@lid'

/** Fails so many times, then answers. */
function failing<T>(times: number, error: Error, answer: T) {
  let left = times
  return async () => {
    if (left-- > 0) throw error
    return answer
  }
}

test('a lookup that fails for a while is repeated, and nothing of the chat is told before', async t => {
  const { log, errors } = remembering()
  const rig = await journaled(t, { log, lookup: failing(2, IO, null) })
  for (const id of ['A', 'B']) await rig.came(stanzaOf(id, { from: LID }), padded({ conversation: id }))
  assert.deepEqual(await firstOf(rig, 2), ['A', 'B'])
  assert.deepEqual(await rig.store.journal.unfinished('main'), [])
  assert.deepEqual(errors, ['journal.not_recorded', 'journal.not_recorded'])
})

test('a lookup that fails for another reason leaves its message where it is, and the line goes on', async t => {
  const { log, errors } = remembering()
  const lookup = failing(1, new PosternError('store.corrupt', 'the file is damaged'), null)
  const rig = await journaled(t, { log, lookup })
  for (const id of ['A', 'B']) await rig.came(stanzaOf(id, { from: LID }), padded({ conversation: id }))
  assert.deepEqual(await firstOf(rig, 1), ['B'])
  assert.equal((await rig.store.journal.unfinished('main')).length, 1)
  assert.deepEqual(errors, ['journal.unreadable'])
})

test('a read that fails until the account stops is left with all behind it to the next start', async t => {
  let broken = true
  const lookup = async () => {
    if (broken) throw IO
    return null
  }
  const rig = await journaled(t, { lookup })
  await rig.came(stanzaOf('A', { from: LID }), padded({ conversation: 'A' }))
  await rig.came(stanzaOf('B'), padded({ conversation: 'B' }))
  await rig.settled()
  assert.deepEqual(await idsOf(rig), [])
  broken = false
  await rig.resume()
  assert.deepEqual(await firstOf(rig, 2), ['A', 'B'])
})

test('a receipt and an edit whose messages cannot be looked up at once are told all the same', async t => {
  let left = 2
  const rig = await journaled(t, {
    store: real => ({
      ...real,
      messages: {
        ...real.messages,
        async named(account, messageId) {
          if (left-- > 0) throw new PosternError('store.busy', 'the database is locked by another process')
          return await real.messages.named(account, messageId)
        },
      },
    }),
  })
  const sent = outgoing({ messageId: 'OURS', chat: '+12025550102', status: 'sent' })
  await rig.store.messages.enqueue(sent, undefined, {})
  await rig.came({ tag: 'receipt', attrs: { id: 'OURS', from: BOB } })
  const { MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type
  const protocolMessage = { key: { id: 'T' }, type: MESSAGE_EDIT, editedMessage: { conversation: 'x' } }
  await rig.came(stanzaOf('EDIT'), padded({ protocolMessage }))
  assert.deepEqual(new Set(await firstOf(rig, 2)), new Set(['OURS', 'T']))
  assert.deepEqual(await rig.store.journal.unfinished('main'), [])
})

test('a receipt for thousands of messages lets others have their turns, and names each message once', async t => {
  let asked = 0
  const rig = await journaled(t, {
    store: real => ({
      ...real,
      messages: {
        ...real.messages,
        async named() {
          asked += 1
          return []
        },
      },
    }),
  })
  const items = Array.from({ length: 4_000 }, (_, n) => ({ tag: 'item', attrs: { id: `X${n >> 1}` } }))
  const content = [{ tag: 'list', attrs: {}, content: items }]
  await rig.came({ tag: 'receipt', attrs: { id: 'X0', from: BOB }, content })
  let turns = 0
  for (; asked < 2_000 && turns < 100_000; turns++) await new Promise(resolve => setImmediate(resolve))
  await rig.settled()
  assert.equal(asked, 2_000)
  assert.ok(turns >= 10, `${turns} turns`)
})
