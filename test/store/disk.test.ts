import assert from 'node:assert/strict'
import { closeSync, copyFileSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { exitCodeOf, type PosternError } from '../../app/lib/error.ts'
import { type Log, silentLog } from '../../app/lib/log.ts'
import { createDiskWatch, type DiskLevel } from '../../app/store/disk.ts'
import { raiseDiskAlarms } from '../../app/store/disk-alarm.ts'
import { openStore } from '../../app/store/open.ts'
import type { Store } from '../../app/store/store.ts'
import {
  event,
  freshStore,
  incoming,
  KEY,
  NO_EFFECTS,
  open,
  outgoing,
  START,
  temporaryFolder,
} from './fixture.ts'

const now = () => START

test('the marks are 90 and 97 per cent, and it takes a little less to be well again', async t => {
  let bavail = 0
  const watch = createDiskWatch('/', { log: silentLog, measure: async () => ({ blocks: 1_000, bavail }) })
  t.after(() => watch.stop())
  const levels: DiskLevel[] = []
  for (const free of [500, 101, 100, 109, 111, 99, 31, 30, 39, 41, 101, 111, 29]) {
    bavail = free
    await watch.look()
    levels.push(watch.state().level)
  }
  const [ok, low, full] = ['ok', 'low', 'full'] as const
  assert.deepEqual(levels, [ok, ok, low, low, ok, low, low, full, full, low, low, ok, full])
})

test('a disk that cannot be asked stays what it was', async t => {
  const answers = [{ blocks: 100, bavail: 5 }, undefined, { blocks: 0, bavail: 0 }]
  const said: string[] = []
  const log: Log = { ...silentLog, error: name => said.push(name) }
  const measure = async () => answers.shift() ?? Promise.reject(new Error('no answer'))
  const watch = createDiskWatch('/', { log, measure })
  t.after(() => watch.stop())
  for (let n = 0; n < 3; n++) {
    await watch.look()
    assert.equal(watch.state().level, 'low')
  }
  assert.deepEqual(said, ['disk.unknown'])
})

test('on a nearly full disk nothing new is sent, what comes in goes on, and room is noticed', async t => {
  let bavail = 2
  const statfs = async () => ({ blocks: 100, bavail })
  const store = await openStore({ dataDir: temporaryFolder(t), key: KEY, now, log: silentLog, statfs })
  t.after(() => store.close())
  const send = () => store.messages.enqueue(outgoing(), undefined, NO_EFFECTS)
  await assert.rejects(send(), { code: 'store.nearly_full' })
  assert.equal(await store.messages.receive(incoming(), NO_EFFECTS), 'stored')
  await store.events.append({ events: [event()] })
  bavail = 50
  const room = new Promise<void>(resolve => store.disk.onChange(({ level }) => level === 'ok' && resolve()))
  await room
  assert.deepEqual(await send(), { kind: 'stored' })
})

test('each rise is told once as an event, and the way down in the log alone', async t => {
  const store = await freshStore(t)
  let bavail = 100
  const watch = createDiskWatch('/', { log: silentLog, measure: async () => ({ blocks: 100, bavail }) })
  t.after(() => watch.stop())
  const said: string[] = []
  const log: Log = { ...silentLog, info: name => said.push(name), warn: name => said.push(name) }
  const route = (draft: object) => ({ ...event(), ...draft })
  raiseDiskAlarms({ store: { disk: watch, events: store.events }, route, log })
  for (const free of [100, 9, 8, 2, 2, 8, 50]) {
    bavail = free
    await watch.look()
  }
  await store.meta.set('after', 'them')
  const { items } = await store.events.list({ limit: 10 })
  assert.deepEqual(
    items.map(({ type, data }) => [type, data.limit, data.level, data.used_percent]),
    [
      ['limit.reached', 'disk', 'low', 91],
      ['limit.reached', 'disk', 'full', 98],
    ],
  )
  assert.deepEqual(said, ['disk.filling', 'disk.filling', 'disk.room', 'disk.room'])
})

/** A folder that was closed, a copy of it from before, and a log that tells what was `checked`. */
async function crashedStore(t: TestContext) {
  const folder = temporaryFolder(t)
  const live = await open(folder)
  await fill(live)
  const crashed = copyOf(folder, temporaryFolder(t))
  await live.close()
  const told: string[] = []
  const { promise: checked, resolve } = Promise.withResolvers<void>()
  const info = (name: string) => {
    told.push(name)
    resolve()
  }
  return { folder, crashed, told, checked, log: { ...silentLog, info } satisfies Log }
}

test('a store that was not closed is looked through, the part that grows after the start', async t => {
  const { folder, crashed, told, checked, log } = await crashedStore(t)
  const clean = await openStore({ dataDir: folder, key: KEY, now, log, checkAfterMs: 0 })
  await clean.close()
  assert.deepEqual(told, [])
  const store = await openStore({ dataDir: crashed, key: KEY, now, log, checkAfterMs: 0 })
  t.after(() => store.close())
  assert.equal((await store.events.list({ limit: 1_000 })).items.length, 400)
  await checked
  assert.deepEqual(told, ['store.checked'])
})

test('a check that a stop came before is made after the next start, and then no more', async t => {
  const { crashed, told, checked, log } = await crashedStore(t)
  const start = (checkAfterMs: number) => openStore({ dataDir: crashed, key: KEY, now, log, checkAfterMs })
  const isOwed = () => readdirSync(crashed).includes('postern.db-unchecked')
  for (const _ of [1, 2]) await (await start(60_000)).close()
  assert.deepEqual([told, isOwed()], [[], true])
  const later = await start(0)
  await checked
  await later.close()
  assert.deepEqual(told, ['store.checked'])
  assert.equal(isOwed(), false)
  const clean = await start(60_000)
  t.after(() => clean.close())
  assert.equal(isOwed(), false)
})

test('damage in what grows ends the process when it is found, and the next start refuses', async t => {
  const crashed = await damagedStore(t, db => {
    const pages = db.prepare("SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf'").all()
    return pages.slice(0, 5).map(({ pageno }) => Number(pageno))
  })
  const store = await openStore({ dataDir: crashed, key: KEY, now, log: silentLog, checkAfterMs: 0 })
  const failure = await new Promise<PosternError>(resolve => store.onFailure(resolve))
  assert.equal(failure.code, 'store.corrupt')
  await store.close()
  await assert.rejects(open(crashed), isDamage)
})

test('damage in what all stands on is refused at once, with a remedy and the exit code of what a person must mend', async t => {
  const crashed = await damagedStore(t, db => {
    const { rootpage } =
      db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'signal_keys'").get() ?? {}
    return [Number(rootpage)]
  })
  await assert.rejects(open(crashed), isDamage)
})

test('a store that is sound again after damage opens, once all of it was looked through', async t => {
  const folder = temporaryFolder(t)
  const live = await open(folder)
  await fill(live)
  const crashed = copyOf(folder, temporaryFolder(t))
  await live.close()
  writeFileSync(join(crashed, 'postern.db-damaged'), 'events: torn')
  const store = await open(crashed)
  t.after(() => store.close())
  assert.deepEqual(
    readdirSync(crashed).filter(name => name.endsWith('damaged')),
    [],
  )
})

function isDamage(error: Error & { code?: string }): boolean {
  assert.equal(error.code, 'store.corrupt')
  assert.match(error.message, /damaged.*restore a backup/)
  assert.equal(exitCodeOf(error), 78)
  return true
}

async function fill(store: Store): Promise<void> {
  const events = Array.from({ length: 400 }, () => event({ data: { n: 'x'.repeat(500) } }))
  await store.events.append({ events })
}

/** A store whose last process was killed, with these pages overwritten. */
async function damagedStore(t: TestContext, pages: (db: DatabaseSync) => readonly number[]): Promise<string> {
  const folder = temporaryFolder(t)
  const live = await open(folder)
  await fill(live)
  await live.close() // everything is in the file itself
  const again = await open(folder)
  await again.meta.set('a', 'b')
  const crashed = copyOf(folder, temporaryFolder(t))
  await again.close()
  const db = new DatabaseSync(join(folder, 'postern.db'), { readOnly: true })
  const doomed = pages(db)
  db.close()
  assert.ok(doomed.length > 0)
  const file = openSync(join(crashed, 'postern.db'), 'r+')
  for (const page of doomed) writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, (page - 1) * 4_096)
  closeSync(file)
  return crashed
}

/** The files as a process that is killed leaves them behind. */
function copyOf(folder: string, to: string): string {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('postern.db')) copyFileSync(join(folder, name), join(to, name))
  }
  return to
}
