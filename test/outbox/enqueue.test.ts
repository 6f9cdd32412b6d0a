import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEnqueue } from '../../app/outbox/enqueue.ts'
import { createLimiter } from '../../app/policy/limiter.ts'
import { ACTOR, ALICE, BOB, createWorld, limit, policyWith, rule } from './world.ts'

test('stores an allowed message with its event and its audit entry', async t => {
  const world = await createWorld(t)
  const message = await world.accepted({ body: 'hello', callbackData: 'ref-1', purpose: 'billing' })
  assert.match(message.id, /^obx_/)
  assert.match(message.messageId, /^3EB0[0-9A-F]{18}$/)
  assert.match(message.decisionId ?? '', /^dec_/)

  const kept = await world.message(message.id)
  assert.equal(kept.status, 'queued')
  assert.deepEqual(kept.content, { type: 'text', text: { body: 'hello' } })
  assert.deepEqual(
    [kept.principal, kept.ip, kept.callbackData, kept.purpose],
    ['billing', '127.0.0.1', 'ref-1', 'billing'],
  )
  assert.deepEqual(
    kept.timeline.map(step => step.status),
    ['queued'],
  )
  const [event] = await world.events()
  assert.equal(event?.type, 'message.queued')
  assert.equal(event?.data.message_id, message.messageId)
  assert.equal(event?.data.biz_opaque_callback_data, 'ref-1')
  const [entry] = await world.audit()
  assert.deepEqual(
    [
      entry?.principal,
      entry?.credential,
      entry?.action,
      entry?.decision,
      entry?.detail?.decision,
      entry?.detail?.by,
    ],
    ['billing', 'mtls:4f', 'messages.send', 'allow', message.decisionId, 'billing-sends'],
  )
})

test('denies with a decision id that the audit chain knows, and stores no message', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([
    rule({ id: 'not-alice', effect: 'deny', when: { recipients: { numbers: [ALICE] } } }),
  ])
  const result = await world.enqueue({ to: ALICE })
  assert.equal(result.kind, 'denied')
  assert.equal(result.kind === 'denied' && result.decision.by, 'not-alice')
  assert.equal((await world.store.messages.list({ account: 'main', limit: 10 })).items.length, 0)
  assert.deepEqual(await world.events(), [])
  const [entry] = await world.audit()
  assert.equal(entry?.decision, 'deny')
  assert.equal(entry?.detail?.decision, result.kind === 'denied' && result.decisionId)

  assert.equal((await world.enqueue({ to: BOB })).kind, 'accepted')
})

test('denies when no rule allows', async t => {
  const world = await createWorld(t)
  const result = await world.enqueue({ actor: { ...ACTOR, principal: 'stranger' } })
  assert.equal(result.kind, 'denied')
  world.policy = policyWith([], [], [])
  assert.equal((await world.enqueue()).kind, 'denied')
})

test('holds what a hold rule wants a human to see', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([rule({ id: 'a-human-looks', effect: 'hold' })])
  const message = await world.accepted()
  assert.equal(message.status, 'held')
  assert.equal((await world.message(message.id)).status, 'held')
  assert.deepEqual(
    (await world.events()).map(event => event.type),
    ['message.held'],
  )
  assert.deepEqual(
    (await world.audit()).map(entry => [entry.decision, entry.detail?.by]),
    [['hold', 'a-human-looks']],
  )
})

test('refuses over a limit, says when to come back, and writes it to the audit chain', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([], [limit({ onExceed: 'reject' })])
  assert.equal((await world.enqueue()).kind, 'accepted')
  const result = await world.enqueue()
  assert.ok(result.kind === 'limited')
  assert.equal(result.limit.name, 'per-account')
  assert.ok(result.retryAfterMs > 0 && result.retryAfterMs <= 60_000)
  assert.deepEqual(
    (await world.audit()).map(entry => [entry.decision, entry.detail?.by]),
    [
      ['allow', 'billing-sends'],
      ['deny', 'limit:per-account'],
    ],
  )
  assert.equal((await world.store.messages.list({ account: 'main', limit: 10 })).items.length, 1)
})

test('takes a limit for held messages too, so that a hold is no way round it', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([rule({ id: 'a-human-looks', effect: 'hold' })], [limit({ onExceed: 'reject' })])
  assert.equal((await world.enqueue()).kind, 'accepted')
  assert.equal((await world.enqueue()).kind, 'limited')
})

test('lets a message wait when its limit queues, and never less than its sender asked', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([], [limit({ onExceed: 'queue', maxWaitMs: 600_000 })])
  const first = await world.accepted()
  assert.equal(first.dueAt, undefined)
  const second = await world.accepted()
  assert.equal(second.status, 'queued')
  assert.ok(second.dueAt !== undefined && second.dueAt > world.now())
  const sendAt = new Date(world.now().getTime() + 3_600_000)
  assert.deepEqual((await world.accepted({ sendAt })).dueAt, sendAt)
})

test('holds a message when its limit holds', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([], [limit({ onExceed: 'hold' })])
  await world.accepted()
  const second = await world.accepted()
  assert.equal(second.status, 'held')
  assert.equal((await world.audit()).at(-1)?.detail?.by, 'limit:per-account')
})

test('counts first contacts apart, and knows from the messages who is none', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([], [limit({ onExceed: 'hold', firstContact: true })])
  const first = await world.accepted()
  await world.startWorker(t)
  await world.until(first.id, 'sent')
  assert.equal((await world.accepted({ to: BOB })).status, 'held')
  assert.equal((await world.accepted()).status, 'queued')
})

test('raises one event for everybody whom a limit shuts out', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([], [limit({ onExceed: 'block', blockForMs: 60_000 })])
  const kinds = await Promise.all([1, 2, 3].map(async () => (await world.enqueue()).kind))
  assert.deepEqual(kinds, ['accepted', 'limited', 'limited'])
  const told = (await world.events()).filter(({ type }) => type === 'limit.reached')
  assert.deepEqual(
    told.map(({ account, data }) => [account, data.limit, data.account]),
    [['main', 'per-account', 'main']],
  )
})

test('gives a repeated idempotency key its first answer and takes no limit again', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([], [limit({ onExceed: 'reject' })])
  const first = await world.accepted({ body: 'once', idempotencyKey: 'k' })
  const again = await world.enqueue({ body: 'once', idempotencyKey: 'k' })
  assert.ok(again.kind === 'accepted' && again.repeated)
  assert.equal(again.message.id, first.id)
  assert.equal(again.message.messageId, first.messageId)
  assert.equal((await world.audit()).length, 1)
  assert.equal((await world.enqueue({ body: 'other', idempotencyKey: 'k' })).kind, 'key-reused')
  assert.equal((await world.enqueue({ body: 'once', idempotencyKey: 'k2' })).kind, 'limited')
})

test('keeps the idempotency keys of two principals apart', async t => {
  const world = await createWorld(t)
  const one = await world.accepted({ body: 'same', idempotencyKey: 'k' })
  const other = await world.accepted({ body: 'same', idempotencyKey: 'k', actor: { principal: 'reports' } })
  assert.notEqual(one.id, other.id)
})

test('makes one message of two requests that come at once under one key', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([], [limit({ onExceed: 'reject', burst: 2 })])
  const request = { body: 'once', idempotencyKey: 'k' }
  const results = await Promise.all([
    world.accepted(request),
    world.accepted(request),
    world.accepted(request),
  ])
  assert.equal(new Set(results.map(message => message.id)).size, 1)
  assert.equal((await world.enqueue()).kind, 'accepted', 'one token was taken, one is left')
  assert.equal((await world.enqueue()).kind, 'limited')
})

test('takes what is asked for on the machine itself without a rule, now and when it leaves', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([], [], [])
  assert.equal((await world.enqueue()).kind, 'denied')
  const message = await world.accepted({ actor: { principal: 'system', credential: 'local' } })
  await world.startWorker(t)
  await world.until(message.id, 'sent')
  assert.equal((await world.audit()).at(-1)?.detail?.by, 'local')
})

test('a file that was fetched for a message is taken back when the message cannot be stored, and kept with one that is', async t => {
  const world = await createWorld(t)
  const image = { id: 'med_1', mime_type: 'image/png', sha256: '00', size: 1 }
  let taken = 0
  const sending = (messages: typeof world.store.messages) =>
    createEnqueue({
      ...world.deps(),
      store: { ...world.store, messages },
      limiter: createLimiter(),
      carry: async () => ({
        kind: 'carried',
        content: { type: 'image', image },
        undo: async () => void taken++,
      }),
    })({
      actor: ACTOR,
      account: 'main',
      recipient: { kind: 'contact', chat: ALICE },
      content: { type: 'image', image: { link: 'https://files.example/a.png' } },
      bodyDigest: 'one',
    })
  const full = async () => {
    throw new Error('the disk is full')
  }
  await assert.rejects(sending({ ...world.store.messages, enqueue: full }), /the disk is full/)
  assert.equal(taken, 1)
  assert.equal((await sending(world.store.messages)).kind, 'accepted')
  assert.equal(taken, 1)
})
