import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../../app/lib/ids.ts'
import { silentLog } from '../../app/lib/log.ts'
import { openFolder } from '../../app/media/folder.ts'
import { createLibrary, type Library } from '../../app/media/library.ts'
import type { MediaItem } from '../../app/model/media.ts'
import type { Message } from '../../app/model/message.ts'
import { Connection } from '../../app/store/database/connection.ts'
import type { Store } from '../../app/store/store.ts'
import { sweepOnce } from '../../app/store/sweeper.ts'
import { FRUGAL } from '../../app/supervise/app-command.ts'
import { snapshotOf } from '../policy/world.ts'
import { after, incoming, NO_EFFECTS, open, outgoing, START, temporaryFolder } from '../store/fixture.ts'
import * as samples from './samples.ts'

const DAY_MS = 24 * 60 * 60_000
const MAX_BYTES = 1024 * 1024
/** Nobody looks there in these tests. */
const REMOTE = {
  directPath: '/v/t62/none',
  mediaKey: Buffer.alloc(32, 1).toString('base64'),
  sha256: 'ab'.repeat(32),
  encryptedSha256: 'cd'.repeat(32),
  size: 0,
  keyedAt: 1_772_000_000,
}

type World = { readonly store: Store; readonly library: Library; readonly folder: string }

async function world(t: TestContext): Promise<World> {
  const dataDir = temporaryFolder(t)
  const store = await open(dataDir)
  t.after(() => store.close())
  const folder = join(dataDir, 'media')
  const library = createLibrary({
    ...{ store, log: silentLog, now: () => START, random: () => 0.5 },
    folder: openFolder(folder),
    download: async () => ({ kind: 'failed', reason: 'nobody is asked here' }),
    mediaHost: async () => undefined,
    maxBytesAtOnce: () => 0,
  })
  return { store, library, folder }
}

async function keep({ library }: World, content: Buffer): Promise<MediaItem> {
  const taken = await library.take(Readable.from([content]), MAX_BYTES)
  assert.equal(taken.kind, 'taken')
  return taken.kind === 'taken' ? await taken.keep({ account: 'main', principal: 'billing' }) : assert.fail()
}

/** The id of a file that came with a message and lies with WhatsApp. */
async function received({ store }: World): Promise<string> {
  const id = newId('med', START)
  const message = incoming({
    content: { type: 'image', image: { id } },
    file: { type: 'image', remote: REMOTE },
  })
  assert.equal(await store.messages.receive(message, NO_EFFECTS), 'stored')
  return id
}

const read = (library: Library, { file }: MediaItem) => library.open(file ?? assert.fail('no file')).toArray()

test('a file is removed when its time is over, and one that is still to be sent is not', async t => {
  const all = await world(t)
  const [old, awaited] = [await keep(all, samples.png()), await keep(all, samples.gif())]
  const content: Message['content'] = { type: 'image', image: { id: awaited.id } }
  await all.store.messages.enqueue({ ...outgoing(), content }, undefined, {})
  const sweepAt = async (days: number) => {
    const retention = { mediaMs: 2 * DAY_MS }
    const policy = () => ({ revision: 'r1', snapshot: { ...snapshotOf(''), retention } }) as const
    const deps = { store: all.store, policy, log: silentLog, now: () => after(days * DAY_MS) }
    await sweepOnce({ ...deps, dropFiles: all.library.dropFiles }, new AbortController().signal)
    return readdirSync(all.folder)
  }
  assert.equal((await sweepAt(1)).length, 2)
  assert.deepEqual(await sweepAt(3), [awaited.file?.name])
  assert.equal(await all.library.get('main', old.id), undefined)
  assert.equal(await all.library.remove('main', awaited.id), 'awaited')
  assert.deepEqual(Buffer.concat(await read(all.library, awaited)), samples.gif())
})

test('a damaged item keeps no other from being fetched, and is not tried again', async t => {
  const all = await world(t)
  const [damaged, other] = [await received(all), await received(all)]
  const db = Connection.open(join(all.folder, '..', 'postern.db'), 'write')
  db.run('UPDATE media SET body = zeroblob(99) WHERE id = ?', damaged)
  db.close()
  assert.deepEqual(
    (await all.store.media.due(START, 5)).map(({ id }) => id),
    [damaged, other],
  )
  await all.library.start()
  t.after(() => all.library.stop())
  const until = Date.now() + 5_000
  while ((await all.store.media.due(START, 5)).length > 0 && Date.now() < until) await sleep(10)
  assert.deepEqual(
    await all.store.media.due(START, 5),
    [],
    'the other is put off, as WhatsApp cannot be asked',
  )
  assert.deepEqual(
    (await all.store.media.due(after(DAY_MS), 5)).map(({ id }) => id),
    [other],
  )
})

test('what an earlier run has left behind goes at the start, and what was kept stays', async t => {
  const all = await world(t)
  const { file } = await keep(all, samples.png())
  writeFileSync(join(all.folder, `${'0'.repeat(32)}.sealed`), 'half a file')
  await all.library.start()
  await all.library.stop()
  assert.deepEqual(readdirSync(all.folder), [file?.name])
})

test('the same bytes once more lie there once, and both items have them', async t => {
  const all = await world(t)
  const [first, second] = [await keep(all, samples.png()), await keep(all, samples.png())]
  assert.notEqual(first.id, second.id)
  assert.deepEqual(readdirSync(all.folder), [first.file?.name])
  assert.deepEqual(Buffer.concat(await read(all.library, second)), samples.png())
})

test('a file that somebody has changed, cut or exchanged is not given out', async t => {
  const all = await world(t)
  const [one, other] = [
    await keep(all, Buffer.alloc(200_000, 'a')),
    await keep(all, Buffer.alloc(200_000, 'b')),
  ]
  const path = join(all.folder, one.file?.name ?? '')
  const sealed = readFileSync(path)
  const chunk = 64 * 1024 + 16
  const swapped = [sealed.subarray(chunk, 2 * chunk), sealed.subarray(0, chunk), sealed.subarray(2 * chunk)]
  const changed = Buffer.from(sealed)
  changed.writeUInt8((changed[70_000] ?? 0) ^ 1, 70_000)
  for (const content of [
    changed,
    sealed.subarray(0, 2 * chunk),
    Buffer.concat(swapped),
    readFileSync(join(all.folder, other.file?.name ?? '')),
  ]) {
    writeFileSync(path, content)
    await assert.rejects(read(all.library, one), /was changed or cut off/)
  }
  writeFileSync(path, sealed)
  assert.equal(Buffer.concat(await read(all.library, one)).length, 200_000)
})

test('a large file leaves few dead buffers behind, under the flags of the app', t => {
  const script = join(import.meta.dirname, 'taking.ts')
  const { stdout, stderr } = spawnSync(process.execPath, [...FRUGAL, script, temporaryFolder(t)])
  const most = Number(String(stdout))
  assert.ok(most > 0 && most < 8 * 1024 * 1024, `${most} bytes at most; ${stderr}`)
})

test('a file that is too large, or whose sender goes away, leaves nothing behind', async t => {
  const { library, folder } = await world(t)
  const source = async function* () {
    for (let n = 0; n < 3; n += 1) yield Buffer.alloc(600_000)
  }
  assert.deepEqual(await library.take(source(), MAX_BYTES), { kind: 'too-large' })
  const broken = async function* () {
    yield Buffer.alloc(600_000)
    throw new Error('gone')
  }
  await assert.rejects(library.take(broken(), MAX_BYTES), /gone/)
  assert.deepEqual(readdirSync(folder), [])
})
