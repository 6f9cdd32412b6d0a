import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { initialiseKeys } from '../../app/store/crypto/keyring.ts'
import { scopeOf, Vault } from '../../app/store/crypto/vault.ts'
import { Connection } from '../../app/store/database/connection.ts'
import { migrate } from '../../app/store/database/migrate.ts'
import { MIGRATIONS } from '../../app/store/database/schema.ts'
import type { Store } from '../../app/store/store.ts'
import { event, freshStore, KEY, open, outgoing, temporaryFolder } from './fixture.ts'

type Of = { account?: string; id?: string }

/** An event of this account, or of none. */
function eventOf({ account, id }: Of) {
  const { account: _, ...rest } = event()
  return { ...rest, ...(account === undefined ? {} : { account }), ...(id === undefined ? {} : { id }) }
}

async function numbers(store: Store): Promise<Record<string, number[]>> {
  const { items } = await store.events.list({ limit: 1_000 })
  const of = (account?: string) =>
    items.filter(item => item.account === account).map(({ sequence }) => sequence)
  return { main: of('main'), spare: of('spare'), '(none)': of() }
}

test('each account counts its own events from 1 without a gap, and so do the events of none', async t => {
  const store = await freshStore(t)
  const accounts = ['main', 'spare', undefined, 'main', undefined, 'main']
  for (const account of accounts) {
    await store.events.append({ events: [eventOf(account === undefined ? {} : { account })] })
  }
  assert.deepEqual(await numbers(store), { main: [1, 2, 3], spare: [1], '(none)': [1, 2] })
})

test('a write that fails takes its number back', async t => {
  const store = await freshStore(t)
  const twin = outgoing()
  const append = (id: string) => store.events.append({ events: [eventOf({ account: 'main', id })] })
  const settled = await Promise.allSettled([
    append('evt_a'),
    store.messages.enqueue(twin, undefined, { events: [eventOf({ account: 'main', id: 'evt_b' })] }),
    store.messages.enqueue(twin, undefined, { events: [eventOf({ account: 'main', id: 'evt_c' })] }),
    append('evt_a'),
    append('evt_d'),
  ])
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(await numbers(store), { main: [1, 2, 3], spare: [], '(none)': [] })
})

test('the count goes on after a restart', async t => {
  const folder = temporaryFolder(t)
  const first = await open(folder)
  await first.events.append({ events: [eventOf({ account: 'main' }), eventOf({ account: 'main' })] })
  await first.close()
  const second = await open(folder)
  t.after(() => second.close())
  await second.events.append({ events: [eventOf({ account: 'main' })] })
  assert.deepEqual(await numbers(second), { main: [1, 2, 3], spare: [], '(none)': [] })
})

test('events of a store from before the numbers get theirs in the order in which they happened', async t => {
  const folder = temporaryFolder(t)
  const db = Connection.open(join(folder, 'postern.db'), 'write')
  const key = createSecretKey(KEY.reveal())
  const before = MIGRATIONS.slice(
    0,
    MIGRATIONS.findIndex(sql => sql.includes('event_sequences')),
  )
  migrate(db, before, () => initialiseKeys(db, key))
  const vault = new Vault(db, key)
  for (const [n, account] of ['main', 'spare', null, 'main', null].entries()) {
    const cell = { table: 'events', row: `evt_${n}`, column: 'body' }
    const body = vault.seal(scopeOf(account ?? undefined), cell, JSON.stringify({ data: {} }))
    const sql = 'INSERT INTO events (id, type, account, at, body) VALUES (?, ?, ?, ?, ?)'
    db.run(sql, `evt_${n}`, 'message.queued', account, n, body)
  }
  db.close()
  const store = await open(folder)
  t.after(() => store.close())
  assert.deepEqual(await numbers(store), { main: [1, 2], spare: [1], '(none)': [1, 2] })
  await store.events.append({ events: [eventOf({}), eventOf({ account: 'main' })] })
  assert.deepEqual(await numbers(store), { main: [1, 2, 3], spare: [1], '(none)': [1, 2, 3] })
})
