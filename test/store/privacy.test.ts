import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { newId } from '../../app/lib/ids.ts'
import { STATUS } from '../../app/model/chat.ts'
import type { DecisionRecord } from '../../app/model/decision.ts'
import type { Message } from '../../app/model/message.ts'
import { type Finding, STORED_IN } from '../../app/store/privacy.ts'
import type { Store } from '../../app/store/store.ts'
import { encodeStanza } from '../../app/whatsapp/journal/arrival.ts'
import {
  after,
  delivery,
  event,
  incoming,
  NO_EFFECTS,
  open,
  outgoing,
  START,
  temporaryFolder,
} from './fixture.ts'

const LID = '77001122334455@lid'
const GROUP = '120363041234567890@g.us'
const [ANN, BOB, OURS] = ['+12025550143', '+12025550144', '+12025550100']

/** Every sealed value that the store has of a contact. */
const SEALED = [
  'SELECT body AS blob FROM messages',
  'SELECT detail AS blob FROM message_steps',
  'SELECT name AS blob FROM message_receipts',
  'SELECT body AS blob FROM poll_votes',
  'SELECT body AS blob FROM events',
  'SELECT lane_name AS blob FROM deliveries',
  'SELECT body AS blob FROM decisions',
  'SELECT body AS blob FROM media',
  'SELECT key AS blob FROM media_files',
  'SELECT evidence AS blob FROM consents',
  'SELECT name AS blob FROM contact_names',
  'SELECT name AS blob FROM contact_links',
  'SELECT address AS blob FROM recipients',
  'SELECT stanza AS blob FROM journal',
  'SELECT plaintext AS blob FROM journal',
]
/** Behind format and key id, which values have in common. */
const RANDOM = [9, 40] as const

type Place = { readonly dataDir: string; readonly store: Store }

function sealedIn({ dataDir }: Place): readonly string[] {
  const db = new DatabaseSync(join(dataDir, 'postern.db'), { readOnly: true })
  const blobs = SEALED.flatMap(sql =>
    db
      .prepare(sql)
      .all()
      .map(({ blob }) => blob as Uint8Array | null),
  )
  db.close()
  return blobs
    .filter(blob => blob !== null)
    .map(blob => Buffer.from(blob.subarray(...RANDOM)).toString('hex'))
}

/** All that lies on the disk of the database and its log. */
function bytesIn({ dataDir }: Place): string {
  const files = ['postern.db', 'postern.db-wal'].map(name => join(dataDir, name)).filter(existsSync)
  return Buffer.concat(files.map(file => readFileSync(file))).toString('hex')
}

function decision(to: string): DecisionRecord {
  const request = { principal: 'demo', action: 'messages.send', account: 'main', to, at: START }
  const said = { effect: 'allow', by: 'all', reason: 'x', revision: 'r1', digest: 'd' } as const
  return { id: newId('dec', START), request, ...said }
}

async function journalOf(store: Store, from: string): Promise<void> {
  const attrs = { from: `${from.slice(1)}@s.whatsapp.net`, id: randomBytes(5).toString('hex'), t: '1' }
  const stanza = encodeStanza({
    node: { tag: 'message', attrs },
    me: { id: `${OURS.slice(1)}:3@s.whatsapp.net` },
  })
  const arrival = { account: 'main', digest: randomBytes(32), at: START, stanza, plaintext: randomBytes(50) }
  const seq = (await store.journal.add(arrival)) ?? assert.fail('it was there')
  await store.journal.record({ account: 'main', seq, changes: [], kept: true, at: START })
}

/** Something of every kind about a contact; answers the messages of it. */
async function fill(store: Store, who: string): Promise<readonly Message[]> {
  const file = { name: newId('med', START), key: randomBytes(32).toString('base64'), size: 3 }
  const sha256 = createHash('sha256').update(who).digest('hex')
  const item = {
    id: newId('med', START),
    account: 'main',
    createdAt: START,
    chat: who,
    fetchCount: 0,
    sent: {},
  }
  await store.media.add({ ...item, mimeType: 'image/png', sha256 }, { ...file, sha256 } as never)
  const image = { type: 'image', image: { id: item.id, caption: `a picture of ${who}` } } as const
  const said = incoming({ chat: who, from: who, content: image })
  const inGroup = incoming({ chat: GROUP, from: who, content: { type: 'text', text: { body: `by ${who}` } } })
  const sent = outgoing({ chat: who, status: 'sent', callbackData: `for ${who}`, audience: [who] })
  const toAll = outgoing({
    chat: GROUP,
    status: 'sent',
    content: { type: 'text', text: { body: 'x' }, mentions: [who, OURS] },
  })
  const poll = { type: 'poll', poll: { name: 'Tea?', options: ['yes', 'no'], selectable_count: 1 } } as const
  const asked = outgoing({ chat: GROUP, status: 'sent', content: poll })
  const messages = [said, inGroup, sent, toAll, asked]
  await store.messages.import(messages)
  const vote = {
    kind: 'vote',
    id: asked.id,
    vote: { voter: who, options: ['yes'], at: START },
    effects: {},
  } as const
  const receipt = { messageId: toAll.messageId, participant: who, status: 'read', at: START } as const
  const arrival = { account: 'main', digest: randomBytes(32), at: START, stanza: randomBytes(20) }
  const seq = (await store.journal.add(arrival)) ?? 0
  const changes = [vote, { kind: 'participant', receipt, effects: {} } as const]
  await store.journal.record({ account: 'main', seq, changes, kept: false, at: START })
  const told = event({
    chat: who,
    data: { from: who, text: { body: who } },
    deliveries: [delivery('ops', who)],
  })
  const listed = event({ data: { participants: [who, OURS] } })
  const granted = { purpose: 'billing', grantedAt: START, evidence: `signed by ${who}` }
  await store.contacts.grant({
    ...{ contact: who, consent: granted, at: START },
    effects: { events: [told, listed], decisions: [decision(who)] },
  })
  await store.contacts.call({ contact: who, name: `name of ${who}`, effects: {} })
  await store.recipients.put('main', who, { until: after(1e9), address: `${who.slice(1)}@s.whatsapp.net` })
  await journalOf(store, who)
  return messages
}

async function filled(
  t: Parameters<typeof temporaryFolder>[0],
): Promise<Place & { anns: readonly Message[] }> {
  const dataDir = temporaryFolder(t)
  const store = await open(dataDir)
  t.after(() => store.close())
  const anns = await fill(store, ANN)
  await store.contacts.link({ lid: LID, number: ANN })
  await store.messages.import([
    incoming({ chat: LID, from: LID, content: { type: 'text', text: { body: 'as yet unknown' } } }),
  ])
  return { dataDir, store, anns }
}

type ErasedInAll = {
  readonly files: string[]
  readonly waiting: number
  readonly media: number
  readonly unreadable: number
}

async function eraseAll(store: Store, contact: string): Promise<ErasedInAll> {
  const files: string[] = []
  let [media, waiting, unreadable] = [0, 0, 0]
  for (const what of STORED_IN) {
    for (let at: string | null = ''; at !== null; ) {
      const done = await store.privacy.erase(contact, { what, after: at })
      files.push(...done.files)
      waiting += done.waiting
      media += done.counts.media ?? 0
      unreadable += done.unreadable
      at = done.next
    }
  }
  await store.privacy.forget(contact, {})
  return { files, waiting, media, unreadable }
}

async function findAll(store: Store, contact: string): Promise<readonly Finding[]> {
  const found: Finding[] = []
  for (const what of STORED_IN) {
    for (let at: string | null = ''; at !== null; ) {
      const { findings, next } = await store.privacy.find(contact, { what, after: at })
      found.push(...findings)
      at = next
    }
  }
  return found
}

test('what is erased is in no byte of the database and its log; what is somebody else’s is', async t => {
  const place = await filled(t)
  const { store } = place
  const anns = sealedIn(place)
  await fill(store, BOB)
  const bobs = sealedIn(place).filter(blob => !anns.includes(blob))
  const before = bytesIn(place)
  assert.ok(anns.length >= 20, 'there is something of every kind')
  for (const blob of [...anns, ...bobs]) assert.ok(before.includes(blob), 'the control: it lies there')
  const { files, waiting } = await eraseAll(store, ANN)
  assert.deepEqual([files.length, waiting], [1, 0])
  const then = bytesIn(place)
  assert.deepEqual(
    anns.filter(blob => then.includes(blob)),
    [],
    'also what names her beside others was sealed anew',
  )
  for (const blob of bobs) assert.ok(then.includes(blob), 'what is Bob’s')
})

test('what stays are messages and events that say nothing', async t => {
  const { store, anns } = await filled(t)
  const [said, inGroup, sent, toAll, asked] = anns as [Message, Message, Message, Message, Message]
  await eraseAll(store, LID)
  const now = async ({ id }: Message) => (await store.messages.get('main', id)) ?? assert.fail('it is gone')
  const removed = (type: string) => ({ type: 'removed', removed: { type } })
  const whole = await now(said)
  assert.deepEqual([whole.content, whole.chat, whole.from], [removed('image'), 'erased', 'erased'])
  const group = await now(inGroup)
  assert.deepEqual([group.content, group.chat, group.from], [removed('text'), GROUP, 'erased'])
  const ours = await now(sent)
  assert.deepEqual([ours.content, ours.callbackData, ours.audience], [removed('text'), undefined, undefined])
  assert.deepEqual([ours.status, ours.principal, ours.timeline.length], ['sent', 'demo', 1])
  assert.partialDeepStrictEqual(await now(toAll), {
    content: { text: { body: 'x' }, mentions: ['erased', OURS] },
  })
  assert.deepEqual([(await now(toAll)).receipts, (await now(asked)).votes], [undefined, undefined])
  const { items } = await store.events.list({ limit: 10 })
  assert.deepEqual(
    items.map(({ data, sequence }) => [data, sequence]),
    [
      [{ erased: true }, 1],
      [{ participants: ['erased', OURS] }, 2],
    ],
  )
  assert.deepEqual((await store.deliveries.list({ limit: 10 })).items, [])
  assert.deepEqual(await store.contacts.standing(ANN), { consents: [] })
  assert.equal(await store.contacts.calledOf(ANN), undefined)
  assert.equal(await store.contacts.nameOf(LID), LID)
  assert.deepEqual(await findAll(store, ANN), [])
})

test('an opt-out outlasts it, and so does what has still to leave: to the contact, or naming it', async t => {
  const { store } = await filled(t)
  const change = { contact: ANN, to: 'opted-out', at: START, effects: {} } as const
  await store.contacts.grant({
    contact: ANN,
    consent: { purpose: 'x' },
    at: START,
    effects: {},
    lift: change,
  })
  const queued = outgoing({ chat: ANN })
  const status = outgoing({ chat: STATUS, audience: [ANN, BOB] })
  for (const message of [queued, status]) await store.messages.enqueue(message, undefined, NO_EFFECTS)
  assert.equal((await eraseAll(store, ANN)).waiting, 2)
  assert.deepEqual((await store.contacts.standing(ANN)).optedOutAt, START)
  assert.deepEqual((await store.messages.get('main', queued.id))?.content, queued.content)
  assert.deepEqual((await store.messages.get('main', status.id))?.audience, [ANN, BOB])
})

test('a request that comes again afterwards is still known, and what was owed behind an erased event is looked for', async t => {
  const { store } = await filled(t)
  const key = { principal: 'demo', key: 'k1', bodyDigest: 'd' }
  const asked = outgoing({ chat: ANN })
  await store.messages.enqueue(asked, key, NO_EFFECTS)
  await store.messages.advance(
    { account: 'main', messageId: asked.messageId, to: 'cancelled', at: START },
    {},
  )
  const told: string[] = []
  t.after(store.onCommit(topics => void told.push(...topics)))
  await eraseAll(store, ANN)
  assert.ok(told.includes('deliveries'))
  const again = await store.messages.enqueue(outgoing({ chat: ANN }), key, NO_EFFECTS)
  assert.ok(again.kind === 'repeated' && again.message.id === asked.id, again.kind)
})

test('a file that somebody else sent stays when it was passed on to the contact; what was uploaded for it goes', async t => {
  const { store } = await filled(t)
  await fill(store, BOB)
  const bobs = await findAll(store, BOB)
  const theirs = bobs.find(({ kind }) => kind === 'file')
  assert.ok(theirs?.kind === 'file')
  const image = (id: string) => ({ type: 'image', image: { id } }) as const
  const passedOn = { message_id: 'BOBS', message: image(theirs.item.id) }
  const uploaded = { id: newId('med', START), account: 'main', createdAt: START, fetchCount: 0, sent: {} }
  await store.media.add(
    { ...uploaded, mimeType: 'image/png' },
    {
      ...{ name: newId('med', START), key: randomBytes(32), size: 3, sha256: 'ab' },
    },
  )
  await store.messages.import([
    outgoing({ chat: ANN, status: 'sent', content: { type: 'forward', forward: passedOn } }),
    outgoing({ chat: ANN, status: 'sent', content: image(uploaded.id) }),
  ])
  assert.equal((await eraseAll(store, ANN)).media, 2, 'hers, and what was uploaded for her')
  assert.notEqual(await store.media.get('main', theirs.item.id), undefined)
  assert.equal(await store.media.get('main', uploaded.id), undefined)
})

test('one row of each kind that is damaged keeps nothing from being found and erased, and is counted', async t => {
  const { dataDir, store } = await filled(t)
  const whole = await findAll(store, ANN)
  await fill(store, BOB)
  const db = new DatabaseSync(join(dataDir, 'postern.db'))
  const hers = whole.find(({ kind }) => kind === 'decision')
  assert.ok(hers?.kind === 'decision')
  db.prepare('UPDATE decisions SET body = zeroblob(99) WHERE id <> ?').run(hers.decision.id)
  for (const [table, column, last] of [
    ['messages', 'body', 'min'], // of what is imported, the latest has the lowest number
    ['events', 'body', 'max'],
    ['media', 'body', 'max'],
    ['journal', 'stanza', 'max'],
  ])
    db.exec(`UPDATE ${table} SET ${column} = zeroblob(99) WHERE seq = (SELECT ${last}(seq) FROM ${table})`)
  db.close()
  assert.deepEqual(await findAll(store, ANN), whole)
  const { unreadable, media } = await eraseAll(store, ANN)
  assert.deepEqual([unreadable, media], [5, 1])
  assert.deepEqual(await findAll(store, ANN), [])
})

test('all of it is found before, under either name', async t => {
  const { store, anns } = await filled(t)
  await fill(store, BOB)
  for (const name of [ANN, LID]) {
    const found = await findAll(store, name)
    const kinds = found.map(({ kind }) => kind)
    assert.deepEqual(
      ['message', 'event', 'decision', 'file'].map(kind => kinds.filter(each => each === kind).length),
      [4, 1, 1, 1],
    )
    const texts = JSON.stringify(found)
    assert.ok(anns.slice(0, 3).every(({ id }) => texts.includes(id)))
    assert.doesNotMatch(texts, /2025550144/, 'nothing of Bob')
  }
})
