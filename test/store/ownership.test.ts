import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Secret } from '../../app/lib/secret.ts'
import { MIGRATIONS } from '../../app/store/database/schema.ts'
import { storeExists } from '../../app/store/open.ts'
import { audit, KEY, open, outgoing, temporaryFolder } from './fixture.ts'

const PROGRAMS = join(import.meta.dirname, 'programs')
const ROOT = dirname(dirname(import.meta.dirname))
const ENOUGH = 200

test('a second opener is refused with a remedy, and let in once the first has closed', async t => {
  const folder = temporaryFolder(t)
  const first = await open(folder)
  await assert.rejects(open(folder), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'store.locked')
    assert.match(error.message, /belongs to a running appliance.*--data/)
    return true
  })
  await first.meta.set('still', 'works')
  await first.close()
  const second = await open(folder)
  assert.equal(await second.meta.get('still'), 'works')
  await second.close()
})

test('kill -9 loses nothing that was acknowledged and leaves no lock behind', async t => {
  const folder = temporaryFolder(t)
  const child = spawn(process.execPath, [join(PROGRAMS, 'enqueue-forever.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const acknowledged: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === 1) await assert.rejects(open(folder), { code: 'store.locked' })
    if (acknowledged.length === ENOUGH) child.kill('SIGKILL')
  }
  await exited
  assert.equal(child.signalCode, 'SIGKILL')
  assert.ok(acknowledged.length >= ENOUGH)
  const store = await open(folder)
  t.after(() => store.close())
  for (const id of acknowledged) assert.equal((await store.messages.get('main', id))?.id, id)
  const stored = await store.messages.list({ account: 'main', limit: 10_000 })
  const events = await store.events.list({ limit: 10_000 })
  assert.equal(events.items.length, stored.items.length, 'each message with its event or neither')
})

test('the store works under Node’s permission model, which keeps the rest out', async t => {
  const folder = temporaryFolder(t)
  const args = [
    '--permission',
    `--allow-fs-read=${ROOT}/`,
    `--allow-fs-read=${folder}/`,
    `--allow-fs-write=${folder}/`,
    `--allow-fs-read=${folder}.beside/`, // a name that begins with the folder's, as the sandbox's secrets have
    '--allow-net',
    '--allow-worker',
    '--no-warnings',
    join(PROGRAMS, 'confined.ts'),
    folder,
  ]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  assert.deepEqual(JSON.parse(stdout), { found: true, outside: 'ERR_ACCESS_DENIED' })
})

test('close finishes what is queued; afterwards everything is refused', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  const messages = Array.from({ length: 150 }, () => outgoing())
  const queued = messages.map(message => store.messages.enqueue(message, undefined, {}))
  const closed = store.close()
  assert.equal(store.close(), closed)
  await closed
  assert.equal((await Promise.all(queued)).length, 150)
  await assert.rejects(store.meta.set('late', '1'), { code: 'store.closed' })
  await assert.rejects(store.meta.get('late'), { code: 'store.closed' })
  await assert.rejects(store.messages.list({ account: 'main', limit: 1 }), { code: 'store.closed' })
  assert.deepEqual(readdirSync(folder).sort(), ['postern.db', 'postern.lock'], 'the log is checkpointed away')
  const again = await open(folder)
  t.after(() => again.close())
  assert.equal((await again.messages.list({ account: 'main', limit: 500 })).items.length, 150)
})

test('another key is refused and changes nothing; the right one opens it', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  await store.audit.append([audit()])
  await store.close()
  const dump = () => {
    const db = new DatabaseSync(join(folder, 'postern.db'), { readOnly: true })
    const tables = ['meta', 'data_keys', 'audit'].map(table => db.prepare(`SELECT * FROM ${table}`).all())
    db.close()
    return tables
  }
  const before = dump()
  for (const key of [new Secret(Buffer.alloc(32, 8)), new Secret(Buffer.alloc(16, 7))]) {
    await assert.rejects(open(folder, { key }), { code: 'store.wrong_key' })
    assert.deepEqual(dump(), before)
  }
  const again = await open(folder)
  t.after(() => again.close())
  assert.deepEqual(await again.audit.verify(), { entries: 1 })
})

test('a store of a newer version is refused and left as it is', async t => {
  const folder = temporaryFolder(t)
  await (await open(folder)).close()
  const set = (version: number) => {
    const db = new DatabaseSync(join(folder, 'postern.db'))
    db.exec(`PRAGMA user_version = ${version}`)
    db.close()
  }
  set(99)
  await assert.rejects(open(folder), { code: 'store.too_new' })
  set(MIGRATIONS.length)
  await (await open(folder)).close()
})

test('a file that is no store of ours is refused, whatever it is', async t => {
  const [garbage, foreign] = [temporaryFolder(t), temporaryFolder(t)]
  writeFileSync(
    join(garbage, 'postern.db'),
    'this is not a database at all, but it is long enough '.repeat(40),
  )
  await assert.rejects(open(garbage), { code: 'store.corrupt' })
  const db = new DatabaseSync(join(foreign, 'postern.db'))
  db.exec('CREATE TABLE somebody (elses INTEGER)')
  db.close()
  await assert.rejects(open(foreign), { code: 'store.corrupt' })
})

test('the files of a store are for their owner alone', async t => {
  const folder = join(temporaryFolder(t), 'data')
  assert.equal(storeExists(folder), false)
  const store = await open(folder, { key: KEY })
  t.after(() => store.close())
  await store.meta.set('a', 'b')
  assert.equal(storeExists(folder), true)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o077, 0, name)
  assert.ok(existsSync(join(folder, 'postern.db-wal')))
})

test('a data folder that cannot be made is refused in words', async t => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'taken'), '')
  await assert.rejects(open(join(folder, 'taken')), {
    code: 'store.cannot_open',
    message: /data folder cannot be made/,
  })
  await (await open(join(folder, 'free'))).close()
})
