import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { PosternError } from '../../app/lib/error.ts'
import type { Step } from '../../app/lib/step.ts'
import { initialiseKeys } from '../../app/store/crypto/keyring.ts'
import { Vault } from '../../app/store/crypto/vault.ts'
import { Connection } from '../../app/store/database/connection.ts'
import { migrate } from '../../app/store/database/migrate.ts'
import { MIGRATIONS } from '../../app/store/database/schema.ts'
import { Committer, type WriteTable } from '../../app/store/writer/committer.ts'
import { operations } from '../../app/store/writer/operations.ts'
import type { Tx } from '../../app/store/writer/transaction.ts'
import { audit, freshStore, KEY, outgoing, temporaryFolder } from './fixture.ts'

/** Writes that tests need besides the real ones: one that fails after it has written, one that fills the disk, one that wants the log emptied. */
const spoilt: WriteTable = new Map([
  [
    'spoil',
    (tx: Tx) => {
      tx.vault.seal('device:fresh', { table: 'a', row: 'b', column: 'c' }, 'makes a key')
      tx.db.run("INSERT INTO meta (name, value) VALUES ('spoilt', '1')")
      tx.touch('accounts')
      tx.undo(() => undone.push('spoil'))
      throw new PosternError('test.spoilt', 'on purpose')
    },
  ],
  ['empty', (tx: Tx) => tx.emptyLog()],
  ['remember', (tx: Tx) => tx.undo(() => undone.push('remember'))],
  [
    'fill',
    (tx: Tx) => void tx.db.run("INSERT INTO meta (name, value) VALUES ('big', ?)", 'x'.repeat(2_000_000)),
  ],
])
const undone: string[] = []

function committer(t: TestContext): { db: Connection; commit: Committer['commit'] } {
  const key = createSecretKey(KEY.reveal())
  const db = Connection.open(join(temporaryFolder(t), 'postern.db'), 'write')
  t.after(() => db.close())
  migrate(db, MIGRATIONS, () => initialiseKeys(db, key))
  const writes = new Map([...spoilt, ...Object.entries(operations)]) as WriteTable
  const one = new Committer({ db, vault: new Vault(db, key) }, writes)
  return { db, commit: requests => one.commit(requests) }
}

const set = (id: number, name: string) => ({ id, name: 'meta.set', args: { name, value: '1' } })
const names = (db: Connection) =>
  db
    .all<{ name: string }>("SELECT name FROM meta WHERE name NOT LIKE 'store.%' ORDER BY name")
    .map(row => row.name)

test('a write that fails fails alone; its neighbours of the same commit are intact', t => {
  const { db, commit } = committer(t)
  undone.length = 0
  const { answers, topics } = commit([set(1, 'a'), { id: 2, name: 'spoil', args: {} }, set(3, 'b')])
  assert.deepEqual(
    answers.map(answer => [answer.id, answer.ok ? 'ok' : answer.code]),
    [
      [1, 'ok'],
      [2, 'test.spoilt'],
      [3, 'ok'],
    ],
  )
  assert.deepEqual(names(db), ['a', 'b'])
  assert.deepEqual([...topics], [], 'what failed touched nothing')
  assert.deepEqual(undone, ['spoil'])
})

test('a log that cannot be emptied is told to who asked for it; what was committed stays, and so do its neighbours', t => {
  const { db, commit } = committer(t)
  db.script('PRAGMA busy_timeout = 1')
  undone.length = 0
  const { file = '' } = db.get<{ file: string }>('PRAGMA database_list') ?? {}
  const reader = new DatabaseSync(file, { readOnly: true })
  t.after(() => reader.close())
  reader.exec('BEGIN; SELECT count(*) FROM meta')
  const empty = { id: 2, name: 'empty', args: {} }
  const codes = () =>
    commit([set(1, 'a'), empty, { id: 3, name: 'remember', args: {} }]).answers.map(answer =>
      answer.ok ? 'ok' : answer.code,
    )
  assert.deepEqual(codes(), ['ok', 'store.busy', 'ok'])
  assert.deepEqual([names(db), undone], [['a'], []])
  reader.exec('COMMIT')
  assert.deepEqual(codes(), ['ok', 'ok', 'ok'])
})

test('a data key made by a write that failed is not used for another', t => {
  const { db, commit } = committer(t)
  const put = { device: { account: 'fresh', credentials: Uint8Array.of(1) } }
  commit([
    { id: 1, name: 'spoil', args: {} },
    { id: 2, name: 'accounts.put', args: put },
  ])
  const row = db.get<{ credentials: Uint8Array }>('SELECT credentials FROM devices')
  assert.ok(row)
  const vault = new Vault(db, createSecretKey(KEY.reveal()))
  const cell = { table: 'devices', row: 'fresh', column: 'credentials' }
  assert.deepEqual([...vault.open(cell, row.credentials)], [1])
})

test('a full disk fails the commit whole, and the next one with room succeeds', t => {
  const { db, commit } = committer(t)
  const pages = db.get<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0
  db.script(`PRAGMA max_page_count = ${pages + 20}`)
  const full = commit([set(1, 'a'), { id: 2, name: 'fill', args: {} }, set(3, 'b')])
  const told = new Map(full.answers.map(answer => [answer.id, answer.ok ? 'ok' : answer.code]))
  assert.equal(told.get(2), 'store.full')
  assert.deepEqual(
    names(db),
    ['a', 'b'].filter((_, index) => told.get([1, 3][index] ?? 0) === 'ok'),
    'acknowledged and stored are the same',
  )
  db.script(`PRAGMA max_page_count = ${pages + 2_000}`)
  const { answers } = commit([set(4, 'c'), { id: 5, name: 'fill', args: {} }])
  assert.ok(answers.every(answer => answer.ok))
  assert.ok(names(db).includes('c'))
})

test('a commit that fails acknowledges nothing and takes back what its writes did in memory', t => {
  const { db, commit } = committer(t)
  undone.length = 0
  const remember = { id: 3, name: 'remember', args: {} }
  const real = db.run
  db.run = (sql, ...values) => {
    if (sql === 'COMMIT') throw new PosternError('store.io', 'the disk said no')
    return real.call(db, sql, ...values)
  }
  const failed = commit([set(2, 'a'), remember])
  db.run = real
  assert.deepEqual(
    failed.answers.map(answer => (answer.ok ? 'ok' : answer.code)),
    ['store.io', 'store.io'],
  )
  assert.deepEqual(names(db), [])
  assert.deepEqual(undone, ['remember'])
  assert.ok(commit([set(4, 'a'), remember]).answers.every(({ ok }) => ok))
  assert.deepEqual(undone, ['remember'], 'a commit that succeeds undoes nothing')
})

test('names the moments around a commit, and none of the second when it fails', t => {
  const { db, commit } = committer(t)
  const points: string[] = []
  const listen = (message: unknown) => {
    const { point } = message as Step
    points.push(`${point}: ${names(db).length} there, ${db.inTransaction ? 'open' : 'closed'}`)
  }
  subscribe('postern:step', listen)
  t.after(() => unsubscribe('postern:step', listen))
  commit([set(1, 'a'), set(2, 'b')])
  assert.deepEqual(points, ['writer.before_commit: 2 there, open', 'writer.committed: 2 there, closed'])
  points.length = 0
  const real = db.run
  db.run = (sql, ...values) => {
    if (sql === 'COMMIT') throw new PosternError('store.io', 'the disk said no')
    return real.call(db, sql, ...values)
  }
  commit([set(3, 'c')])
  db.run = real
  assert.deepEqual(points, ['writer.before_commit: 3 there, open'])
})

test('writes of the same moment arrive whole, whichever of them fail', async t => {
  const store = await freshStore(t)
  const twin = outgoing()
  const messages = Array.from({ length: 250 }, (_, n) =>
    n % 50 === 7 ? { ...outgoing(), id: twin.id } : outgoing(),
  )
  await store.messages.enqueue(twin, undefined, {})
  const settled = await Promise.allSettled(
    messages.map(message => store.messages.enqueue(message, undefined, { audit: [audit()] })),
  )
  const refused = settled.flatMap((outcome, n) =>
    outcome.status === 'rejected' ? [{ n, code: outcome.reason.code }] : [],
  )
  assert.deepEqual(
    refused,
    [7, 57, 107, 157, 207].map(n => ({ n, code: 'store.conflict' })),
  )
  const stored = await store.messages.list({ account: 'main', limit: 1_000 })
  assert.equal(stored.items.length, 246)
  assert.deepEqual(await store.audit.verify(), { entries: 245 })
})

test('what cannot cross to the writer is refused, and its neighbours are not', async t => {
  const store = await freshStore(t)
  const [bad, good] = await Promise.allSettled([
    store.meta.set('a', (() => 'a function') as unknown as string),
    store.meta.set('b', '1'),
  ])
  assert.equal(bad.status, 'rejected')
  assert.equal(good.status, 'fulfilled')
  assert.equal(await store.meta.get('b'), '1')
})

test('every connection that writes has what durability rests on', t => {
  const { db } = committer(t)
  const read = (pragma: string) => Object.values(db.get<Record<string, unknown>>(`PRAGMA ${pragma}`) ?? {})[0]
  assert.deepEqual([read('journal_mode'), read('synchronous'), read('foreign_keys')], ['wal', 2, 1])
  assert.throws(() => Connection.open(':memory:', 'write'), { code: 'store.unsafe' })
})
