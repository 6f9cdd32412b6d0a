import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Message } from '../../app/model/message.ts'
import { Connection } from '../../app/store/database/connection.ts'
import { migrate } from '../../app/store/database/migrate.ts'
import { MIGRATIONS } from '../../app/store/database/schema.ts'
import { freshStore, incoming, NO_EFFECTS, outgoing, START, someEffects, temporaryFolder } from './fixture.ts'

const GROUP = '120363000000000001@g.us'
const ANN = '+12025550101'
const BOB = '+12025550102'

const said = (over: Partial<Message>) => incoming({ messageId: 'SAME', ...over })

const OTHERS: readonly (Partial<Message> & { readonly what: string })[] = [
  { what: 'of another person', chat: BOB, from: BOB },
  { what: 'in another chat', chat: GROUP, from: ANN },
  { what: 'of another member of the group', chat: GROUP, from: BOB },
  { what: 'of ours', direction: 'out', chat: ANN, status: 'sent' },
]

test('a message with an id that another chat, sender or direction has used is another message', async t => {
  const store = await freshStore(t)
  assert.equal(await store.messages.receive(said({ chat: ANN, from: ANN }), NO_EFFECTS), 'stored')
  for (const { what, ...other } of OTHERS) {
    assert.equal(await store.messages.receive(said(other), NO_EFFECTS), 'stored', `one ${what}`)
  }
  assert.equal((await store.messages.list({ account: 'main', limit: 10 })).items.length, 1 + OTHERS.length)
  assert.equal((await store.messages.named('main', 'SAME')).length, 1 + OTHERS.length)
})

test('the same message delivered again is known, and has no effects', async t => {
  const store = await freshStore(t)
  for (const over of [
    { chat: ANN, from: ANN },
    { chat: GROUP, from: ANN },
  ]) {
    assert.equal(await store.messages.receive(said(over), NO_EFFECTS), 'stored')
    assert.equal(await store.messages.receive(said(over), someEffects()), 'known')
    await store.messages.import([said(over)])
  }
  assert.equal((await store.messages.list({ account: 'main', limit: 10 })).items.length, 2)
  assert.equal((await store.events.list({ limit: 10 })).items.length, 0)
})

test('what is reported about a message of ours moves no other with its id, and its id finds ours', async t => {
  const store = await freshStore(t)
  const theirs = said({ chat: BOB, from: BOB })
  await store.messages.receive(theirs, NO_EFFECTS)
  const ours = outgoing({ messageId: 'SAME', chat: ANN })
  await store.messages.enqueue(ours, undefined, NO_EFFECTS)
  const change = { account: 'main', messageId: 'SAME', to: 'delivered', at: START } as const
  assert.equal(await store.messages.advance(change, NO_EFFECTS), true)
  assert.equal((await store.messages.get('main', theirs.id))?.status, 'received')
  assert.equal((await store.messages.get('main', 'SAME'))?.id, ours.id)
})

test('messages of an older version keep their ids', t => {
  const db = Connection.open(join(temporaryFolder(t), 'db'), 'write')
  t.after(() => db.close())
  const before = MIGRATIONS.findIndex(step => step.includes('message_key'))
  migrate(db, MIGRATIONS.slice(0, before), () => {})
  db.run(
    `INSERT INTO messages (id, account, direction, chat, message_id, status, attempt_count, created_at, due_at, body)
     VALUES ('msg_1', 'main', 'in', x'01', 'OLD', 'received', 0, 1, 0, x'00')`,
  )
  migrate(db, MIGRATIONS, () => {})
  assert.deepEqual(
    {
      ...db.get<object>(
        'SELECT id, message_id FROM messages WHERE account = ? AND message_id = ?',
        'main',
        'OLD',
      ),
    },
    { id: 'msg_1', message_id: 'OLD' },
  )
})
