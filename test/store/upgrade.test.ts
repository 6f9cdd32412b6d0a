import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { initialiseKeys } from '../../app/store/crypto/keyring.ts'
import { Connection } from '../../app/store/database/connection.ts'
import { migrate, schemaVersion } from '../../app/store/database/migrate.ts'
import { MIGRATIONS } from '../../app/store/database/schema.ts'
import { KEY, open, START, temporaryFolder } from './fixture.ts'

const NEWEST = MIGRATIONS.length
/** So old that steps are due before the one that makes contact_names. */
const OLD = MIGRATIONS.findIndex(sql => sql.includes('CREATE TABLE contact_names')) - 2
const DAY_MS = 24 * 60 * 60 * 1_000

/** A data folder as the Postern of schema OLD left it, with one row. */
function oldStore(t: TestContext, more = ''): { folder: string; file: string; copy: string } {
  const folder = temporaryFolder(t)
  const file = join(folder, 'postern.db')
  const db = Connection.open(file, 'write')
  migrate(db, MIGRATIONS.slice(0, OLD), () => initialiseKeys(db, createSecretKey(KEY.reveal())))
  db.run("INSERT INTO meta (name, value) VALUES ('kept', 'as it was')")
  db.script(more)
  db.close()
  return { folder, file, copy: `${file}.schema-${OLD}` }
}

/** What the Postern before would find. */
function found(file: string): { version: number; kept: string | undefined; check: unknown } {
  const db = Connection.open(file, 'read')
  try {
    const kept = db.get<{ value: string }>("SELECT value FROM meta WHERE name = 'kept'")?.value
    const check = Object.values(db.get<object>('PRAGMA integrity_check') ?? {})[0]
    return { version: schemaVersion(db), kept, check }
  } finally {
    db.close()
  }
}

const copiesIn = (folder: string) => readdirSync(folder).filter(name => name.includes('.schema-'))

test('an older store is copied whole, for its owner alone, before it is brought to the newest schema', async t => {
  const { folder, file, copy } = oldStore(t)
  await (await open(folder)).close()
  assert.deepEqual(found(file), { version: NEWEST, kept: 'as it was', check: 'ok' })
  assert.deepEqual(found(copy), { version: OLD, kept: 'as it was', check: 'ok' })
  assert.equal(statSync(copy).mode & 0o777, 0o600)
  assert.deepEqual(copiesIn(folder), [`postern.db.schema-${OLD}`])
})

test('a step that fails leaves the store at the schema that it had, whole, and the copy beside it', async t => {
  // The step that makes this table stumbles over it; the steps before it succeed first.
  const { folder, file, copy } = oldStore(t, 'CREATE TABLE contact_names (mine TEXT)')
  await assert.rejects(open(folder), {
    code: 'store.migration_failed',
    message: /contact_names.*nothing was changed/,
  })
  assert.deepEqual(found(file), { version: OLD, kept: 'as it was', check: 'ok' })
  assert.deepEqual(found(copy), { version: OLD, kept: 'as it was', check: 'ok' })
  const db = Connection.open(file, 'write')
  db.script('DROP TABLE contact_names')
  db.close()
  await (await open(folder)).close()
  assert.equal(found(file).version, NEWEST)
})

test('when no copy can be made nothing is changed, and what an earlier try left is no obstacle', async t => {
  const { folder, file, copy } = oldStore(t)
  mkdirSync(`${copy}.next`)
  await assert.rejects(open(folder))
  assert.equal(found(file).version, OLD)
  rmdirSync(`${copy}.next`)
  writeFileSync(`${copy}.next`, 'half a copy')
  await (await open(folder)).close()
  assert.deepEqual([found(file).version, found(copy).version], [NEWEST, OLD])
})

test('only the newest copy is kept, and none for longer than two weeks', async t => {
  const { folder, file, copy } = oldStore(t)
  const older = Connection.open(`${file}.schema-1`, 'write')
  older.close()
  await (await open(folder)).close()
  assert.deepEqual(copiesIn(folder), [`postern.db.schema-${OLD}`])
  const madeAt = (days: number) => new Date(START.getTime() - days * DAY_MS)
  utimesSync(copy, madeAt(13), madeAt(13))
  await (await open(folder)).close()
  assert.equal(existsSync(copy), true)
  utimesSync(copy, madeAt(15), madeAt(15))
  await (await open(folder)).close()
  assert.equal(existsSync(copy), false)
})

test('a store of the newest schema, and one that is made, are not copied', async t => {
  const folder = temporaryFolder(t)
  await (await open(folder)).close()
  await (await open(folder)).close()
  assert.deepEqual(copiesIn(folder), [])
})
