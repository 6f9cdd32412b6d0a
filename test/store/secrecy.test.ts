import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { DAMAGED } from '../../app/model/message.ts'
import type { Store } from '../../app/store/store.ts'
import {
  after,
  audit,
  delivery,
  event,
  incoming,
  KEY,
  open,
  outgoing,
  START,
  temporaryFolder,
} from './fixture.ts'

const DIGITS = '12025550143'
const PHONE = `+${DIGITS}`
const JID = `${DIGITS}@s.whatsapp.net`
const GROUP = '120363041234567890@g.us'
const CREDENTIALS = randomBytes(64)
const RATCHET = randomBytes(48)

/** A word of its own for each place that something private goes to, so that a failure names the place. */
const WORDS = {
  text: 'zanzibar-text',
  callback: 'zanzibar-callback',
  purpose: 'zanzibar-purpose',
  detail: 'zanzibar-detail',
  reason: 'zanzibar-reason',
  event: 'zanzibar-event',
  attempt: 'zanzibar-attempt',
  keyType: 'zanzibar-key-type',
  keyId: 'zanzibar-key-id',
  idempotency: 'zanzibar-idempotency',
  digest: 'zanzibar-digest',
  lane: 'zanzibar-lane',
  stanza: 'zanzibar-stanza',
  plaintext: 'zanzibar-plaintext',
  subject: 'zanzibar-subject',
  evidence: 'zanzibar-evidence',
}

async function fillJournal(store: Store, messageId: string): Promise<void> {
  const seq = await store.journal.add({
    ...{ account: 'main', digest: randomBytes(32), at: START },
    stanza: Buffer.from(`${WORDS.stanza} ${JID}`),
    plaintext: Buffer.from(`${WORDS.plaintext} ${PHONE}`),
  })
  const receipt = { messageId, participant: PHONE, status: 'read', at: START } as const
  const changes = [{ kind: 'participant', receipt, effects: {} }] as const
  const subject = `${WORDS.subject} ${JID}`
  await store.journal.record({ account: 'main', seq: seq ?? 0, subject, changes, kept: true, at: START })
}

/** Writes something private into every place that takes it. */
async function fill(store: Store): Promise<void> {
  const credentials = Buffer.concat([CREDENTIALS, Buffer.from(JSON.stringify({ me: JID }))])
  await store.accounts.put({ account: 'main', credentials, phone: PHONE, linkedAt: START })
  await store.signalKeys.set('main', [
    { type: WORDS.keyType, id: `${WORDS.keyId}.${DIGITS}.0`, value: RATCHET },
    { type: 'session', id: `${DIGITS}.0`, value: Buffer.concat([RATCHET, Buffer.from(DIGITS)]) },
  ])
  const owed = delivery('ops', `main/${PHONE}/${WORDS.lane}`)
  const told = event({ chat: PHONE, data: { from: PHONE, text: { body: WORDS.event } }, deliveries: [owed] })
  const message = outgoing({
    chat: PHONE,
    from: PHONE,
    content: { type: 'text', text: { body: `${WORDS.text} ${PHONE}` } },
    callbackData: WORDS.callback,
    purpose: WORDS.purpose,
    timeline: [{ status: 'queued', at: START, detail: `${WORDS.detail} ${JID}` }],
  })
  const key = { principal: 'demo', key: `${WORDS.idempotency}-${PHONE}`, bodyDigest: WORDS.digest }
  const done = audit({ target: PHONE, detail: { to: JID, chats: [GROUP, DIGITS] } })
  await store.messages.enqueue(message, key, { events: [told], audit: [done] })
  await store.messages.receive(incoming({ chat: GROUP, from: JID }), {})
  await store.recipients.put('main', PHONE, { until: after(5), address: JID })
  const consent = { purpose: 'billing', grantedAt: START, evidence: `${WORDS.evidence} ${PHONE}` }
  await store.contacts.grant({ contact: PHONE, consent, at: START, effects: {} })
  await fillJournal(store, message.messageId)
  await store.messages.claim({ free: new Map([['main', 5]]), now: START })
  await store.messages.requeue(message.id, { dueAt: after(5), reason: `${WORDS.reason} ${PHONE}` })
  store.deliveries.claim({ free: new Map([['ops', 1]]), now: START })
  const attempt = { at: START, status: 500, reason: `${WORDS.attempt} ${PHONE}`, tookMs: 1 }
  await store.deliveries.settle(owed.id, { kind: 'dead', attempt })
}

/** Everything that may be read off the disk, from a copy: reading a file in this process would drop its locks on it. */
function bytesOf(t: Parameters<typeof temporaryFolder>[0], folder: string): Buffer {
  const copy = temporaryFolder(t)
  execFileSync('cp', ['-r', `${folder}/.`, copy])
  return Buffer.concat(readdirSync(copy).map(name => readFileSync(join(copy, name))))
}

function found(bytes: Buffer): string[] {
  const secrets: Record<string, Buffer> = {
    digits: Buffer.from(DIGITS),
    group: Buffer.from(GROUP),
    credentials: CREDENTIALS,
    ratchet: RATCHET,
    masterKey: KEY.reveal(),
    ...Object.fromEntries(Object.entries(WORDS).map(([place, word]) => [place, Buffer.from(word)])),
  }
  const written = (plain: Buffer) => [
    plain,
    ...(['hex', 'base64', 'base64url'] as const).map(as => Buffer.from(plain.toString(as))),
  ]
  return Object.entries(secrets).flatMap(([place, plain]) =>
    written(plain).some(text => bytes.includes(text)) ? [place] : [],
  )
}

test('nothing on the disk tells a number, a text, a key or who wrote whom', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  await fill(store)
  const whileOpen = bytesOf(t, folder)
  await store.close()
  const afterwards = bytesOf(t, folder)
  for (const bytes of [whileOpen, afterwards]) {
    assert.deepEqual(found(bytes), [])
    assert.ok(bytes.includes('messages.send'), 'the search does find what is stored in clear')
  }
  const again = await open(folder)
  t.after(() => again.close())
  const { items } = await again.messages.list({ account: 'main', chat: PHONE, limit: 5 })
  assert.ok(JSON.stringify(items).includes(WORDS.text), 'and it is all there for who has the key')
})

test('the search finds what is written in clear', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  t.after(() => store.close())
  await store.meta.set('note', `${WORDS.text} ${DIGITS} ${RATCHET.toString('base64')}`)
  assert.deepEqual(found(bytesOf(t, folder)), ['digits', 'ratchet', 'text'])
})

for (const { what, sql, read } of [
  {
    what: 'a value put into another column',
    sql: 'UPDATE devices SET credentials = phone',
    read: (store: Store) => store.accounts.get('main'),
  },
  {
    what: 'a changed value',
    sql: 'UPDATE devices SET credentials = CAST(substr(credentials, 1, length(credentials) - 16) || zeroblob(16) AS BLOB)',
    read: (store: Store) => store.accounts.get('main'),
  },
  {
    what: 'a value cut short',
    sql: 'UPDATE devices SET credentials = substr(credentials, 1, 20)',
    read: (store: Store) => store.accounts.get('main'),
  },
  {
    what: 'a data key moved to another scope',
    sql: "UPDATE data_keys SET scope = 'account:second' WHERE scope = 'account:main'",
    read: (store: Store) => store.recipients.get('main', PHONE),
  },
]) {
  test(`${what} is noticed, not read`, async t => {
    const folder = temporaryFolder(t)
    const before = await open(folder)
    await fill(before)
    await read(before)
    await before.close()
    const db = new DatabaseSync(join(folder, 'postern.db'))
    db.exec(sql)
    db.close()
    const store = await open(folder)
    t.after(() => store.close())
    await assert.rejects(read(store), { code: 'store.corrupt' })
  })
}

test('a list shows a message with another row’s value as damaged, and the others as they are', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  t.after(() => store.close())
  await fill(store)
  const shown = async () => (await store.messages.list({ account: 'main', limit: 5 })).items
  const [newest, ...others] = await shown()
  const db = new DatabaseSync(join(folder, 'postern.db'))
  db.exec('UPDATE messages SET body = (SELECT body FROM messages WHERE seq = 1) WHERE seq = 2')
  db.close()
  const [damaged, ...rest] = await shown()
  const { from: _, ...unsealed } = newest ?? assert.fail('there is none')
  assert.deepEqual(damaged, { ...unsealed, chat: '', content: DAMAGED })
  assert.deepEqual(rest, others)
  assert.ok(rest.length > 0)
})

test('of a chat whose last message is damaged the one before is told, and no other chat is missing', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  t.after(() => store.close())
  const [older, newer, alone, whole] = [
    incoming({ chat: PHONE, from: PHONE }),
    incoming({ chat: PHONE, from: PHONE }),
    incoming({ chat: '+12025550188' }),
    incoming({ chat: '+12025550189' }),
  ]
  for (const message of [older, newer, alone, whole]) await store.messages.receive(message, {})
  const latest = async () => {
    const { items } = await store.messages.latest({ account: 'main', limit: 5 })
    return items.map(({ id }) => id)
  }
  assert.deepEqual(await latest(), [whole.id, alone.id, newer.id])
  const db = new DatabaseSync(join(folder, 'postern.db'))
  const damage = db.prepare('UPDATE messages SET body = zeroblob(99) WHERE id = ?')
  for (const { id } of [newer, alone]) damage.run(id)
  db.close()
  assert.deepEqual(
    await latest(),
    [whole.id, older.id],
    'of a chat that has nothing else nobody knows the name',
  )
})

test('the list of events goes on past one that is damaged, and its number is not missing', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  t.after(() => store.close())
  const told = [event(), event(), event()]
  await store.events.append({ events: told })
  const before = (await store.events.list({ limit: 5 })).items
  const db = new DatabaseSync(join(folder, 'postern.db'))
  db.prepare('UPDATE events SET body = zeroblob(99) WHERE id = ?').run(told[1]?.id ?? '')
  db.close()
  const { items } = await store.events.list({ limit: 5 })
  const lost = { data: { damaged: true } }
  assert.deepEqual(
    items,
    before.map((one, n) => (n === 1 ? { ...one, ...lost } : one)),
  )
  assert.deepEqual(
    items.map(({ sequence }) => sequence),
    [1, 2, 3],
  )
})

test('a removed device is gone from the disk, its wrapped key included', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  await fill(store)
  await store.close()
  const file = join(folder, 'postern.db')
  const db = new DatabaseSync(file, { readOnly: true })
  const row = db.prepare("SELECT wrapped FROM data_keys WHERE scope = 'device:main'").get() as {
    wrapped: Uint8Array
  }
  db.close()
  assert.ok(bytesOf(t, folder).includes(row.wrapped))
  const again = await open(folder)
  await again.accounts.remove('main')
  await again.close()
  assert.equal(bytesOf(t, folder).includes(row.wrapped), false)
})
