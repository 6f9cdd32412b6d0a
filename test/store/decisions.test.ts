import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { newId } from '../../app/lib/ids.ts'
import { silentLog } from '../../app/lib/log.ts'
import type { DecisionRecord } from '../../app/model/decision.ts'
import type { PolicyInForce } from '../../app/policy/snapshot.ts'
import { sweepOnce } from '../../app/store/sweeper.ts'
import { policyOf } from '../deliveries/samples.ts'
import { after, freshStore, open, outgoing, START, temporaryFolder } from './fixture.ts'

const PHONE = '+12025550143'
const DAY_MS = 86_400_000

function decided(at = START, principal = 'billing'): DecisionRecord {
  return {
    ...{ id: newId('dec', at), effect: 'deny', by: 'default', reason: 'no rule', revision: 'r3' },
    ...{ digest: 'sha256:ab', credential: 'mtls:4f', rules: { effect: 'allow', by: 'all', reason: 'yes' } },
    request: {
      ...{ principal, action: 'messages.send', account: 'main', to: PHONE, type: 'text', at },
      ...{ firstContact: false, lastInboundAt: after(-1_000), optedOut: false },
    },
  }
}

const AUDIT = { at: START, principal: 'billing', action: 'messages.send', decision: 'deny' } as const

test('a decision comes back as it was, with its refusal, or with what was let through', async t => {
  const store = await freshStore(t)
  const [refused, allowed] = [decided(), decided()]
  await store.decisions.refused(refused, AUDIT)
  await store.messages.enqueue(outgoing(), undefined, { decisions: [allowed] })
  assert.deepEqual(await store.decisions.get(refused.id), refused)
  assert.deepEqual(await store.decisions.get(allowed.id), allowed)
  assert.equal(await store.decisions.get(newId('dec', START)), undefined)
  assert.equal((await store.audit.list({ limit: 10 })).items.length, 1)
})

test('decisions are listed from an instant on, the oldest first, in pages', async t => {
  const store = await freshStore(t)
  const records = [after(-5_000), START, after(1), after(2)].map(at => decided(at))
  for (const record of records.toReversed()) await store.decisions.refused(record, AUDIT)
  const first = await store.decisions.list({ since: START, limit: 2 })
  assert.deepEqual(first.items, records.slice(1, 3))
  assert.ok(first.next !== null)
  const second = await store.decisions.list({ since: START, after: first.next, limit: 2 })
  assert.deepEqual([second.items, second.next], [records.slice(3), null])
})

test('what is noted is written with the next look or at the end, 60 a minute of one principal', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  for (let n = 0; n < 100; n++) store.decisions.note(decided())
  store.decisions.note(decided(START, 'reports'))
  store.decisions.note(decided(after(60_000)))
  assert.equal((await store.decisions.list({ since: START, limit: 200 })).items.length, 62)
  store.decisions.note(decided(START, 'late'))
  await store.close()
  const again = await open(folder)
  assert.equal((await again.decisions.list({ since: START, limit: 200 })).items.length, 63)
  await again.close()
})

test('no number can be read from the disk', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  await store.decisions.refused(decided(), AUDIT)
  await store.close()
  const files = readdirSync(folder).filter(name => name.startsWith('postern.db'))
  const bytes = Buffer.concat(files.map(name => readFileSync(join(folder, name))))
  assert.ok(bytes.includes('decisions'))
  for (const word of [PHONE.slice(1), 'no rule']) assert.ok(!bytes.includes(word), word)
})

for (const { name, metadataMs, kept } of [
  { name: 'a week when messages are kept for longer', metadataMs: 90 * DAY_MS, kept: 2 },
  { name: 'a week when messages are kept for ever', metadataMs: undefined, kept: 2 },
  { name: 'as long as messages when that is less', metadataMs: 3 * DAY_MS, kept: 1 },
]) {
  test(`decisions are kept for ${name}`, async t => {
    const store = await freshStore(t)
    for (const days of [8, 6, 2]) await store.decisions.refused(decided(after(-days * DAY_MS)), AUDIT)
    const { revision, snapshot } = policyOf()
    const retention = metadataMs === undefined ? {} : { metadataMs }
    const policy: PolicyInForce = { revision, snapshot: { ...snapshot, retention } }
    const deps = { store, policy: () => policy, log: silentLog, now: () => START, dropFiles: async () => {} }
    await sweepOnce(deps, new AbortController().signal)
    assert.equal((await store.decisions.list({ since: new Date(0), limit: 10 })).items.length, kept)
  })
}
