import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { PosternError } from '../../app/lib/error.ts'
import { type Log, silentLog } from '../../app/lib/log.ts'
import type { Recording } from '../../app/store/journal.ts'
import type { Store } from '../../app/store/store.ts'
import { type Journaled, type JournaledOptions, journaled, padded, stanzaOf } from './journaled.ts'
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

/** The ids of the messages that have been told by the time that `last` is. */
async function toldUpTo(rig: Journaled, last: string): Promise<readonly unknown[]> {
  const told: unknown[] = []
  await until(last, async () => {
    told.push(...(await idsOf(rig)))
    return told.includes(last) || undefined
  })
  return told
}

test('what the store refuses for good is left where it is, and the line goes on', async t => {
  const { log, errors } = remembering()
  const rig = await saying(t, ['A', 'B', 'C'], { ...refusable, log })
  assert.deepEqual(await toldUpTo(rig, 'C'), ['B', 'C'])
  assert.equal((await rig.store.journal.unfinished('main')).length, 1)
  assert.equal(errors.filter(event => event === 'journal.unreadable').length, 1)
  await rig.came(stanzaOf('LATER'), padded({ conversation: 'later' }))
  await rig.settled()
  assert.deepEqual(await idsOf(rig), ['LATER'])
})

test('a disk that was full for a while loses and overtakes nothing', async t => {
  const { log, errors } = remembering()
  let failures = 0
  const full = recordedBy(async (record, recording) => {
    if (++failures > 3) return await record(recording)
    throw new PosternError('store.full', 'the disk is full: make room')
  })
  const rig = await saying(t, ['A', 'B', 'C'], { ...full, log })
  assert.deepEqual(await toldUpTo(rig, 'C'), ['A', 'B', 'C'])
  assert.deepEqual(await rig.store.journal.unfinished('main'), [])
  assert.ok(!errors.includes('journal.unreadable'), errors.join())
})
