import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Log, silentLog } from '../../app/lib/log.ts'
import { Connection } from '../../app/store/database/connection.ts'
import { LinkedDevice } from '../../app/whatsapp/socket/device.ts'
import { openTestStore } from '../outbox/world.ts'

/** More than the library's cache holds, so that the keys before them have to come from the store again. */
const CROWD = 5_000
const now = () => new Date()
const unread = (error: unknown) => assert.fail(`keys could not be read: ${error}`)
/** A single object that each change left behind would be more. */
const BYTES_A_CHANGE = 20

test('a key that was asked for in vain is found once it is there, also when no cache has it any more', async t => {
  const store = await openTestStore(t)
  const written: Promise<void>[] = []
  const asked: string[] = []
  const counted: typeof store.signalKeys.get = (account, type, ids) => {
    asked.push(...ids)
    return store.signalKeys.get(account, type, ids)
  }
  const device = LinkedDevice.fresh({
    account: 'main',
    store: { ...store, signalKeys: { ...store.signalKeys, get: counted } },
    log: silentLog,
    now,
  })
  const { keys } = device.connect({
    store(changes) {
      const write = store.signalKeys.set('main', changes)
      written.push(write)
      return write
    },
    unread,
  })
  const find = async () => (await keys.get('session', ['alice'])).alice
  assert.equal(await find(), undefined)
  assert.equal(await find(), undefined)
  assert.deepEqual(asked, ['alice'], 'the store is not asked in vain again')
  await keys.set({ session: { alice: Buffer.from('ratchet') } })
  const crowd = Object.fromEntries(Array.from({ length: CROWD }, (_, n) => [`c${n}`, Buffer.from([1])]))
  await keys.set({ session: crowd })
  await Promise.all(written)
  assert.deepEqual(await find(), Buffer.from('ratchet'))
  assert.deepEqual(asked, ['alice', 'alice'])
})

test('a change of keys that is stored leaves nothing in memory', async t => {
  const device = LinkedDevice.fresh({ account: 'main', store: await openTestStore(t), log: silentLog, now })
  const { keys } = device.connect({ store: async () => {}, unread })
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const usedAfter = async (changes: number) => {
    for (let n = 0; n < changes; n++) await keys.set({ session: { alice: Buffer.from([n % 256]) } })
    for (let time = 0; time < 2; time++) {
      await setImmediate() // what follows a change takes more turns than the change, and buffers are freed after a collection
      collect()
    }
    return process.memoryUsage().heapUsed
  }
  const before = await usedAfter(CROWD)
  const grown = (await usedAfter(4 * CROWD)) - before
  assert.ok(grown < BYTES_A_CHANGE * 4 * CROWD, `${grown} bytes`)
})

test('a key that is damaged is as good as none, is told, and can be written anew; the others stay', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-keys-'))
  const store = await openTestStore(t, folder)
  const lines: unknown[] = []
  const log: Log = { ...silentLog, error: (event, fields) => void lines.push([event, fields]) }
  const device = LinkedDevice.fresh({ account: 'main', store, log, now })
  const { keys } = device.connect({ store: changes => store.signalKeys.set('main', changes), unread })
  const sessions = async () => await keys.get('session', ['alice', 'bob'])
  await store.signalKeys.set('main', [{ type: 'session', id: 'alice', value: Buffer.from('"damaged"') }])
  const db = Connection.open(join(folder, 'postern.db'), 'write')
  db.run('UPDATE signal_keys SET value = zeroblob(99)')
  db.close()
  await store.signalKeys.set('main', [{ type: 'session', id: 'bob', value: Buffer.from('"whole"') }])
  assert.deepEqual(await sessions(), { bob: 'whole' })
  assert.deepEqual(lines, [['whatsapp.key_damaged', { account: 'main', type: 'session' }]])
  await keys.set({ session: { alice: Buffer.from('new') } })
  assert.deepEqual(await sessions(), { alice: Buffer.from('new'), bob: 'whole' })
})
