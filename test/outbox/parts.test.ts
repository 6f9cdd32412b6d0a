import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { OutgoingContent } from '../../app/model/message.ts'
import type { EnqueueRequest } from '../../app/outbox/enqueue.ts'
import { ALICE, BOB, createWorld, policyWith, rule, type World } from './world.ts'

const STATUS = { kind: 'status', chat: 'status@broadcast' } as const
const ABROAD = '+79161234567'
const LID = '99887766554433@lid'
const NOT_ABROAD = rule({
  id: 'not-abroad',
  effect: 'deny',
  when: { recipients: { prefixes: ['+7'] } },
  message: 'Not to there.',
})

const statusTo = (...audience: string[]): Partial<EnqueueRequest> => ({ recipient: STATUS, audience })

async function optsOut(world: World, contact: string): Promise<void> {
  const at = world.now()
  const change = { contact, to: 'opted-out', at, effects: {} } as const
  await world.store.contacts.grant({ contact, consent: { purpose: 'x' }, at, effects: {}, lift: change })
}

test('a status is denied where one of those who are shown it may not be written to, and tells who', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([NOT_ABROAD])
  const direct = await world.enqueue({ to: ABROAD })
  assert.equal(direct.kind === 'denied' && direct.decision.by, NOT_ABROAD.id)
  const refused = await world.enqueue(statusTo(ALICE, ABROAD))
  assert.ok(refused.kind === 'denied', refused.kind)
  const { by, reason } = refused.decision
  assert.deepEqual([by, reason], [NOT_ABROAD.id, 'audience[1]: Not to there.'])
  assert.equal(
    (await world.enqueue(statusTo(LID))).kind,
    'denied',
    'somebody whose number nobody knows may be there',
  )
  await world.store.contacts.link({ lid: LID, number: ALICE })
  assert.equal((await world.accepted(statusTo(LID))).status, 'queued', 'now it is known')
  assert.equal((await world.accepted(statusTo(ALICE, BOB))).status, 'queued')
  const record = await world.store.decisions.get(refused.decisionId)
  assert.deepEqual([record?.effect, record?.by, record?.rules?.effect], ['deny', by, 'allow'])
})

test('a status is held where somebody has to look at a message to one of them', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([rule({ id: 'look', effect: 'hold', when: { recipients: { numbers: [BOB] } } })])
  assert.equal((await world.accepted(statusTo(ALICE, BOB))).status, 'held')
  assert.equal((await world.accepted(statusTo(ALICE))).status, 'queued')
})

test('a status that waits is sent to nobody once one of its audience has opted out', async t => {
  const world = await createWorld(t)
  world.port.open = []
  const [theirs, others] = [await world.accepted(statusTo(ALICE, BOB)), await world.accepted(statusTo(ALICE))]
  await optsOut(world, BOB)
  const late = await world.enqueue(statusTo(ALICE, BOB))
  assert.equal(late.kind === 'denied' && late.decision.by, 'opted-out')
  await world.startWorker(t)
  world.port.becomeOpen('main')
  const failed = await world.until(theirs.id, 'failed')
  assert.match(failed.timeline.at(-1)?.detail ?? '', /^opted-out: audience\[1\]: /)
  await world.until(others.id, 'sent')
  assert.deepEqual(
    world.port.orders.map(({ messageId }) => messageId),
    [others.messageId],
  )
})

test('a held status is not let go by an approval once one of its audience has opted out', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([rule({ id: 'look', effect: 'hold', when: { recipientKind: ['status'] } })])
  const [theirs, others] = [await world.accepted(statusTo(ALICE, BOB)), await world.accepted(statusTo(ALICE))]
  await optsOut(world, BOB)
  const actor = { principal: 'reports', credential: 'mtls:50', ip: '127.0.0.1' }
  const approve = async (id: string) => {
    const reviewed = await world.review({ actor, account: 'main', id, verdict: 'approve' })
    return reviewed.kind === 'done' ? reviewed.message.status : reviewed.kind
  }
  assert.deepEqual([await approve(theirs.id), await approve(others.id)], ['failed', 'queued'])
})

test('a status is taken back although one who was shown it has opted out since', async t => {
  const world = await createWorld(t)
  await world.startWorker(t)
  const shown = await world.accepted(statusTo(ALICE, BOB))
  await world.until(shown.id, 'sent')
  await optsOut(world, BOB)
  const content = { type: 'revoke', revoke: { message_id: shown.messageId } } as const
  const back = await world.accepted({ recipient: STATUS, content })
  await world.until(back.id, 'sent')
  assert.deepEqual(world.port.orders.at(-1)?.audience, [ALICE, BOB])
})

type Said = Extract<OutgoingContent, { type: 'text' | 'location' }>

/** A message that came in, to be passed on. */
async function came(world: World, messageId: string, content: Said): Promise<EnqueueRequest['content']> {
  const at = world.now()
  const id = `msg_${messageId}`
  const timeline = [{ status: 'received', at }] as const
  const from = { chat: BOB, from: BOB, direction: 'in', account: 'main' } as const
  await world.store.messages.receive(
    { id, messageId, content, createdAt: at, status: 'received', attemptCount: 0, timeline, ...from },
    {},
  )
  return { type: 'forward', forward: { message_id: messageId } }
}

const READS = rule({ id: 'reads', effect: 'allow', actions: ['messages.read'] })
const PLACE = { type: 'location', location: { latitude: 1, longitude: 2 } } as const
const WORDS = { type: 'text', text: { body: 'as it was' } } as const

async function twoForwards(t: TestContext) {
  const world = await createWorld(t)
  const [place, words] = [await came(world, 'PLACE', PLACE), await came(world, 'WORDS', WORDS)]
  return { world, place, words }
}

test('a forward that waits is denied when what it passes on may not be sent any more', async t => {
  const { world, place, words } = await twoForwards(t)
  world.policy = policyWith([READS])
  world.port.open = []
  const [one, other] = [
    await world.accepted({ content: place }),
    await world.accepted({ content: words, to: BOB }),
  ]
  const noPlaces = rule({ id: 'no-places', effect: 'deny', when: { messageTypes: ['location'] } })
  world.policy = policyWith([READS, noPlaces])
  await world.startWorker(t)
  world.port.becomeOpen('main')
  const failed = await world.until(one.id, 'failed')
  assert.match(failed.timeline.at(-1)?.detail ?? '', /^no-places: /)
  await world.until(other.id, 'sent')
})

test('a forward is judged with what is known of its recipient', async t => {
  const { world, words } = await twoForwards(t)
  const strangers = rule({ id: 'strangers', effect: 'hold', when: { firstContact: true } })
  world.policy = policyWith([READS, strangers])
  assert.equal((await world.accepted({ content: words, to: BOB })).status, 'queued', 'Bob has written')
  assert.equal((await world.accepted({ content: words, to: ALICE })).status, 'held')
  const billed = rule({ id: 'billed', effect: 'allow', when: { purpose: ['billing'] } })
  world.policy = policyWith([READS], [], [billed])
  assert.equal((await world.accepted({ content: words, purpose: 'billing' })).status, 'queued')
  assert.equal((await world.enqueue({ content: words })).kind, 'denied')
})
