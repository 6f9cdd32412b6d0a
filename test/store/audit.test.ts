import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { Json } from '../../app/model/event.ts'
import { withoutPersonal } from '../../app/store/crypto/personal.ts'
import type { Store } from '../../app/store/store.ts'
import { canonicalJson, FIRST_PREV, hashOf } from '../../app/store/tables/audit-chain.ts'
import { audit, freshStore, open, START, temporaryFolder } from './fixture.ts'

test('every entry is linked to the one before, and the chain verifies', async t => {
  const store = await freshStore(t)
  assert.deepEqual(await store.audit.verify(), { entries: 0 })
  await store.audit.append([audit({ detail: { z: 1, a: [true, null] } }), audit({ action: 'accounts.link' })])
  await Promise.all(Array.from({ length: 20 }, () => store.audit.append([audit(), audit()])))
  const { items } = await store.audit.list({ limit: 100 })
  assert.equal(items.length, 42)
  let prev = FIRST_PREV
  for (const [index, entry] of items.entries()) {
    assert.equal(entry.seq, index + 1)
    assert.equal(entry.prev, prev)
    assert.equal(entry.hash, hashOf(entry))
    prev = entry.hash
  }
  assert.deepEqual(items[0]?.detail, { z: 1, a: [true, null] })
  assert.deepEqual(await store.audit.verify(), { entries: 42 })
})

test('a chain longer than one stretch verifies', async t => {
  const store = await freshStore(t)
  await store.audit.append(Array.from({ length: 1_100 }, () => audit()))
  assert.deepEqual(await store.audit.verify(), { entries: 1_100 })
})

test('entries are listed by principal and action, after a number', async t => {
  const store = await freshStore(t)
  await store.audit.append([
    audit(),
    audit({ principal: 'anna', action: 'accounts.link' }),
    audit({ principal: 'anna' }),
  ])
  const seqs = async (query: object) =>
    (await store.audit.list({ limit: 10, ...query })).items.map(({ seq }) => seq)
  assert.deepEqual(await seqs({}), [1, 2, 3])
  assert.deepEqual(await seqs({ principal: 'anna' }), [2, 3])
  assert.deepEqual(await seqs({ principal: 'anna', action: 'messages.send' }), [3])
  assert.deepEqual(await seqs({ after: 2 }), [3])
  const page = await store.audit.list({ limit: 2 })
  assert.equal(page.next, '2')
})

/** Appends five entries, closes, changes the file as an intruder would, opens again. */
async function tampered(t: TestContext, change: (db: DatabaseSync) => void): Promise<Store> {
  const folder = temporaryFolder(t)
  const before = await open(folder)
  await before.audit.append([1, 2, 3, 4, 5].map(n => audit({ detail: { n } })))
  await before.close()
  const db = new DatabaseSync(join(folder, 'postern.db'))
  change(db)
  db.close()
  const store = await open(folder)
  t.after(() => store.close())
  return store
}

const WITHOUT_TRIGGERS = 'DROP TRIGGER audit_keeps_entries; DROP TRIGGER audit_keeps_history;'

for (const { what, sql, brokenAt } of [
  { what: 'a changed column', sql: "UPDATE audit SET principal = 'nobody' WHERE seq = 3", brokenAt: 3 },
  { what: 'a changed detail', sql: `UPDATE audit SET detail = '{"n":7}' WHERE seq = 2`, brokenAt: 2 },
  { what: 'a detail that is no JSON', sql: "UPDATE audit SET detail = '{' WHERE seq = 4", brokenAt: 4 },
  { what: 'a removed entry', sql: 'DELETE FROM audit WHERE seq = 2', brokenAt: 3 },
  { what: 'a removed beginning', sql: 'DELETE FROM audit WHERE seq = 1', brokenAt: 2 },
  { what: 'a changed hash', sql: "UPDATE audit SET hash = 'ff' WHERE seq = 1", brokenAt: 1 },
]) {
  test(`verify finds ${what}`, async t => {
    const store = await tampered(t, db => db.exec(WITHOUT_TRIGGERS + sql))
    assert.equal((await store.audit.verify()).brokenAt, brokenAt)
  })
}

test('verify finds an entry written anew with a hash that fits it, by the one after it', async t => {
  const store = await tampered(t, db => {
    db.exec(WITHOUT_TRIGGERS)
    const row = db.prepare('SELECT prev FROM audit WHERE seq = 3').get() as { prev: string }
    const forged = { ...audit({ principal: 'nobody', detail: { n: 3 } }), seq: 3, prev: row.prev }
    db.prepare('UPDATE audit SET principal = ?, hash = ? WHERE seq = 3').run('nobody', hashOf(forged))
  })
  assert.equal((await store.audit.verify()).brokenAt, 4)
})

test('verify finds nothing where nothing was changed', async t => {
  const store = await tampered(t, () => {})
  assert.deepEqual(await store.audit.verify(), { entries: 5 })
})

test('the database itself refuses to change, remove or replace an entry', async t => {
  const store = await tampered(t, db => {
    db.exec('PRAGMA recursive_triggers = ON')
    for (const sql of [
      "UPDATE audit SET principal = 'nobody'",
      'DELETE FROM audit',
      'INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2',
    ]) {
      assert.throws(() => db.exec(sql), /audit entries are never/)
    }
  })
  assert.deepEqual(await store.audit.verify(), { entries: 5 })
})

test('numbers and addresses become keyed hashes, the same for the same person', async t => {
  const store = await freshStore(t)
  await store.audit.append([
    audit({
      target: '+12025550143',
      detail: { jid: '12025550143@s.whatsapp.net', note: 'denied for 12025550143' },
    }),
    audit({ target: 'main' }),
  ])
  const [first, second] = (await store.audit.list({ limit: 5 })).items
  assert.match(first?.target ?? '', /^personal:[0-9a-f]{32}$/)
  assert.deepEqual(first?.detail, { jid: first?.target, note: `denied for ${first?.target}` })
  assert.equal(second?.target, 'main')
  assert.deepEqual(await store.audit.verify(), { entries: 2 })
})

test('the hash of a person is another in another installation', async t => {
  const targets = await Promise.all(
    [1, 2].map(async () => {
      const store = await freshStore(t)
      await store.audit.append([audit({ target: '+12025550143' })])
      return (await store.audit.list({ limit: 1 })).items[0]?.target
    }),
  )
  assert.notEqual(targets[0], targets[1])
})

test('what names a person is recognised, and what does not is left', () => {
  const hidden = (value: Json) => withoutPersonal(value, found => `<${found}>`)
  for (const [text, want] of [
    ['+1 (202) 555-0143', 'personal:<12025550143>'],
    ['12025550143', 'personal:<12025550143>'],
    ['12025550143:7@s.whatsapp.net', 'personal:<12025550143>'],
    ['main/+12025550143', 'main/personal:<12025550143>'],
    ['123456789@lid', 'personal:<123456789@lid>'],
    ['120363041234567890@g.us', 'personal:<120363041234567890@g.us>'],
    ['from Anna@Example.org, twice', 'from personal:<anna@example.org>, twice'],
  ] as const) {
    assert.equal(hidden(text), want)
  }
  for (const kept of [
    'main',
    'obx_01hf2345678901234567890123',
    '2026-03-01T10:00:00.000Z',
    'rule-7',
    '10.0.0.9',
    'r12',
    404,
  ]) {
    assert.equal(hidden(kept), kept)
  }
  assert.deepEqual(hidden({ '12025550143': ['x', 12025550143] }), {
    'personal:<12025550143>': ['x', 12025550143],
  })
})

test('hostile text cannot break the chain', async t => {
  const store = await freshStore(t)
  const torn = 'a\ud800b\u0000c'
  await store.audit.append([audit({ target: torn, principal: torn, detail: { [torn]: torn } }), audit()])
  assert.deepEqual(await store.audit.verify(), { entries: 2 })
})

test('canonical JSON does not depend on the order of members', () => {
  assert.equal(
    canonicalJson({ b: [1, { d: null, c: 'x' }], a: true }),
    '{"a":true,"b":[1,{"c":"x","d":null}]}',
  )
})

test('an entry is appended in its act’s own transaction, in order', async t => {
  const store = await freshStore(t)
  await store.events.append({ audit: [audit({ action: 'one' }), audit({ action: 'two' })] })
  const { items } = await store.audit.list({ limit: 5 })
  assert.deepEqual(
    items.map(({ seq, action, at }) => [seq, action, at]),
    [
      [1, 'one', START],
      [2, 'two', START],
    ],
  )
})
