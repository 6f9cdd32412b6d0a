import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Connection } from '../../app/store/database/connection.ts'
import { migrate } from '../../app/store/database/migrate.ts'
import { MIGRATIONS } from '../../app/store/database/schema.ts'
import { HEADS } from '../../app/store/tables/delivery-queue.ts'
import { OLDEST } from '../../app/store/tables/events.ts'
import { LINE_QUERIES } from '../../app/store/tables/outbox-line.ts'
import { CLAIM_QUERIES } from '../../app/store/tables/outbox-queue.ts'
import { after, START, temporaryFolder } from './fixture.ts'

const plan = (db: Connection, sql: string) =>
  db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql.replace(/\?\d?/g, '1')}`).map(({ detail }) => detail)

test('every question of the outbox is answered from an index, without a look at the table', t => {
  const db = Connection.open(join(temporaryFolder(t), 'db'), 'write')
  t.after(() => db.close())
  migrate(db, MIGRATIONS, () => {})
  for (const [name, sql] of Object.entries({ ...LINE_QUERIES, ...CLAIM_QUERIES })) {
    const looks = plan(db, sql).filter(detail => detail.includes('messages'))
    assert.ok(looks.length > 0, name)
    for (const look of looks)
      assert.match(look, /^SEARCH messages USING (COVERING )?INDEX messages_/, `${name}: ${look}`)
    const sorts = plan(db, sql).filter(detail => detail.includes('B-TREE'))
    assert.equal(sorts.length, name === 'heads' ? 1 : 0, `${name} sorts: ${sorts}`) // the few heads of both ends
  }
  assert.match(plan(db, 'SELECT seq FROM messages WHERE due_at = 1').join(), /SCAN/, 'a plan tells a scan')
})

test('the next deliveries, and where each account’s events begin, are found by an index, however many there are', t => {
  const db = Connection.open(join(temporaryFolder(t), 'db'), 'write')
  t.after(() => db.close())
  migrate(db, MIGRATIONS, () => {})
  const heads = plan(db, HEADS)
  assert.match(heads.join(), /^SEARCH deliveries USING INDEX deliveries_\w+ \(endpoint=\?\)$/)
  const oldest = plan(db, OLDEST).filter(detail => detail.includes('events ') || detail.includes('B-TREE'))
  assert.deepEqual(oldest, ['SEARCH events USING COVERING INDEX events_of_account (<expr>=?)'])
})

test('a store from before there were lines gets them: who is due has a place, who is not stands outside', t => {
  const db = Connection.open(join(temporaryFolder(t), 'db'), 'write')
  t.after(() => db.close())
  migrate(db, MIGRATIONS.slice(0, 1), () => {})
  const insert = (row: {
    id: string
    chat: string
    status: string
    head?: number
    due?: number
    tries?: number
  }) =>
    db.run(
      `INSERT INTO messages (id, account, direction, chat, message_id, status, head, attempt_count, created_at, due_at, body)
       VALUES (?1, 'main', 'out', ?2, ?1, ?3, ?4, ?5, ?6, ?7, x'00')`,
      ...[row.id, Buffer.from(row.chat), row.status, row.head ?? 0, row.tries ?? 0],
      ...[START.getTime(), row.due ?? 0],
    )
  const FAR = Date.UTC(2200, 0)
  insert({ id: 'later', chat: 'a', status: 'queued', head: 1, due: FAR })
  insert({ id: 'next', chat: 'a', status: 'queued' })
  insert({ id: 'behind', chat: 'a', status: 'queued' })
  insert({ id: 'again', chat: 'b', status: 'queued', head: 1, due: FAR, tries: 3 })
  insert({ id: 'held', chat: 'c', status: 'held' })
  insert({ id: 'under way', chat: 'c', status: 'sending', head: 1 })
  insert({ id: 'gone', chat: 'c', status: 'sent' })
  migrate(db, MIGRATIONS, () => {})
  const rows = db.all<{ id: string; head: number; placed: number; expires_at: number | null }>(
    'SELECT id, head > 0 AS head, place IS NOT NULL AS placed, expires_at FROM messages ORDER BY seq',
  )
  assert.deepEqual(
    rows.map(({ id, head, placed }) => [id, head, placed]),
    [
      ['later', 0, 0],
      ['next', 1, 1],
      ['behind', 0, 1],
      ['again', 1, 1],
      ['held', 0, 1],
      ['under way', 1, 1],
      ['gone', 0, 0],
    ],
  )
  const week = 7 * 24 * 60 * 60 * 1_000
  assert.deepEqual(rows.at(1)?.expires_at, after(week).getTime())
  assert.equal(rows.at(0)?.expires_at, FAR + week)
  assert.equal(rows.at(-1)?.expires_at, null)
})
