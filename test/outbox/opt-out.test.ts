import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createRouter } from '../../app/deliveries/fan-out.ts'
import type { Message } from '../../app/model/message.ts'
import { createHear } from '../../app/outbox/opt-out.ts'
import type { OptOut } from '../../app/policy/snapshot.ts'
import { ALICE, createWorld, eventually, policyWith, type World } from './world.ts'

const BYSTANDER = '+12025550199'
const WORDS: OptOut = {
  keywords: { en: ['STOP', 'Unsubscribe me'], fr: ['ARRÊT'] },
  confirmWith: 'optout-confirmed',
  liftBy: 'contact',
  backKeywords: { en: ['START'] },
  exceptPurposes: ['safety'],
}

async function worldWith(t: TestContext, optOut: Partial<OptOut> = {}): Promise<World> {
  const world = await createWorld(t)
  const { revision, snapshot } = policyWith()
  world.policy = { revision, snapshot: { ...snapshot, optOut: { ...WORDS, ...optOut } } }
  return world
}

let seq = 0

/** A message of a contact comes in as it does from WhatsApp: into the journal, and from there with what it says. */
async function says(world: World, body: string, change: Partial<Message> = {}): Promise<void> {
  const { store, now } = world
  const policy = () => world.policy
  const message: Message = {
    ...{
      id: `msg_${++seq}`,
      account: 'main',
      direction: 'in',
      chat: ALICE,
      messageId: `IN${seq}`,
      from: ALICE,
    },
    ...{ status: 'received', content: { type: 'text', text: { body } }, createdAt: now(), attemptCount: 0 },
    timeline: [{ status: 'received', at: now() }],
    ...change,
  }
  const arrival = { account: 'main', digest: Buffer.from(`d${seq}`), at: now(), stanza: Buffer.from('s') }
  const place = await store.journal.add(arrival)
  assert.ok(place !== undefined)
  const standing = createHear({ policy, now, route: createRouter({ policy, now }) })(message)
  const said = {
    kind: 'message',
    message,
    effects: {},
    ...(standing === undefined ? {} : { standing }),
  } as const
  await store.journal.record({ account: 'main', seq: place, changes: [said], kept: true, at: now() })
}

const typesOf = async (world: World) => (await world.events()).map(({ type }) => type)

test('takes a keyword of any language for an opt-out, and refuses what is sent then', async t => {
  const world = await worldWith(t)
  const words = ['STOP', 'stop', ' Stop! ', 'unsubscribe  me', 'arret', 'Arrêt.']
  for (const [n, word] of words.entries()) {
    const chat = `+1202555010${n}`
    assert.equal((await world.accepted({ to: chat })).status, 'queued')
    await says(world, word, { chat, from: chat })
    const refused = await world.enqueue({ to: chat })
    assert.equal(refused.kind === 'denied' ? refused.decision.by : refused.kind, 'opted-out', word)
  }
  assert.equal((await world.accepted({ to: BYSTANDER })).status, 'queued', 'others are written to')
})

test('takes nothing else for one', async t => {
  const world = await worldWith(t)
  const words = ['Please stop calling', 'STOPP', 'nonstop', 'S T O P', '', '?', 'START']
  for (const word of words) await says(world, word)
  assert.equal((await world.accepted()).status, 'queued')
})

test('hears no opt-out in a group, nor in what the account itself has said', async t => {
  const world = await worldWith(t)
  await says(world, 'STOP', { chat: '120363000000000001@g.us' })
  await says(world, 'STOP', { direction: 'out', status: 'sent' })
  assert.equal((await world.accepted()).status, 'queued')
  assert.equal((await world.accepted({ to: '120363000000000001@g.us' })).status, 'queued')
})

test('confirms it once, in the language of the word, and tells the world once', async t => {
  const world = await worldWith(t)
  await world.startWorker(t)
  await says(world, 'ARRET')
  await says(world, 'STOP')
  await eventually(async () => world.port.texts[0], 'the confirmation')
  assert.deepEqual(world.port.texts, ['Vous ne recevrez plus de messages de notre part.'])
  assert.equal((await typesOf(world)).filter(type => type === 'contact.opted_out').length, 1)
})

test('confirms it in the words of the policy, and not at all where it has none', async t => {
  const world = await worldWith(t, { confirmWith: 'bye' })
  const { revision, snapshot } = world.policy
  const bye = { name: 'bye', language: 'en', body: 'Bye.', parameters: {} }
  world.policy = { revision, snapshot: { ...snapshot, templates: new Map([['bye', bye]]) } }
  await world.startWorker(t)
  await says(world, 'STOP')
  await eventually(async () => world.port.texts[0], 'the confirmation')
  assert.deepEqual(world.port.texts, ['Bye.'])
  const silent = await worldWith(t)
  const { confirmWith: _, ...rest } = WORDS
  silent.policy = { revision, snapshot: { ...snapshot, optOut: rest } }
  await says(silent, 'STOP')
  assert.deepEqual(
    (await silent.store.messages.list({ account: 'main', limit: 10, direction: 'out' })).items,
    [],
  )
  assert.equal((await silent.enqueue()).kind, 'denied')
})

test('fails what waits already when it is about to leave', async t => {
  const world = await worldWith(t)
  world.port.open = []
  const { id } = await world.accepted()
  await says(world, 'STOP')
  await world.startWorker(t)
  world.port.becomeOpen('main')
  const failed = await world.until(id, 'failed')
  assert.match(failed.timeline.at(-1)?.detail ?? '', /^opted-out: /)
})

test('still sends what the policy excepts', async t => {
  const world = await worldWith(t)
  await says(world, 'STOP')
  assert.equal((await world.enqueue({ purpose: 'billing' })).kind, 'denied')
  assert.equal((await world.accepted({ purpose: 'safety' })).status, 'queued')
})

test('is taken back by the contact where the policy leaves it to contacts', async t => {
  const world = await worldWith(t)
  await says(world, 'STOP')
  await says(world, 'start')
  assert.equal((await world.accepted()).status, 'queued')
  assert.equal((await typesOf(world)).filter(type => type === 'contact.opted_in').length, 1)
  const strict = await worldWith(t, { liftBy: 'operator' })
  await says(strict, 'STOP')
  await says(strict, 'start')
  assert.equal((await strict.enqueue()).kind, 'denied')
})

test('holds on although the policy has no word for it any more', async t => {
  const world = await worldWith(t)
  await says(world, 'STOP')
  world.policy = policyWith()
  assert.equal((await world.enqueue()).kind, 'denied')
})

test('writes into the audit chain who has opted out, by a keyed hash alone', async t => {
  const world = await worldWith(t)
  await says(world, 'STOP')
  const { items } = await world.store.audit.list({ limit: 50, action: 'contact.opted_out' })
  assert.equal(items.length, 1)
  assert.match(items[0]?.target ?? '', /^personal:/)
})

const LID = '7777777777@lid'

/** Sends to the one name after a STOP under the other; who is who turns out only when the first is about to leave. */
async function learnsLate(world: World, purpose: string): Promise<Message> {
  const { store, port } = world
  await says(world, 'STOP', { chat: LID, from: LID })
  const send = port.send.bind(port)
  port.send = async () => {
    port.send = send
    await store.contacts.link({ lid: LID, number: ALICE })
    return { kind: 'ask-again' }
  }
  return await world.accepted({ purpose })
}

async function silentWorld(t: TestContext): Promise<World> {
  const world = await worldWith(t)
  const { confirmWith: _, ...silent } = WORDS
  const { revision, snapshot } = world.policy
  world.policy = { revision, snapshot: { ...snapshot, optOut: silent } }
  return world
}

test('under a LID holds for the number that turns out to be the same person’s only at the send', async t => {
  const world = await silentWorld(t)
  const { id } = await learnsLate(world, 'billing')
  await world.startWorker(t)
  assert.match((await world.until(id, 'failed')).timeline.at(-1)?.detail ?? '', /^opted-out: /)
  assert.equal(world.port.orders.length, 0, 'nothing was sent')
  assert.equal((await world.enqueue()).kind, 'denied')
  assert.equal((await world.enqueue({ to: LID })).kind, 'denied')
})

test('does not keep back what the policy excepts when it turns out only at the send', async t => {
  const world = await silentWorld(t)
  const { id } = await learnsLate(world, 'safety')
  await world.startWorker(t)
  await world.until(id, 'sent')
  assert.equal(world.port.orders.length, 1)
  assert.equal((await world.accepted({ to: LID, purpose: 'safety' })).chat, ALICE, 'one chat for both names')
})
