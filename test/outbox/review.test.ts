import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ReviewRequest } from '../../app/outbox/review.ts'
import { ACTOR, ALICE, BOB, createWorld, limit, policyWith, rule, type World } from './world.ts'

const HOLD = rule({ id: 'a-human-looks', effect: 'hold' })
const LEAD = { principal: 'lead', credential: 'mtls:5a' }
const HOUR_MS = 3_600_000

/** A world whose policy holds everything, with these limits. */
async function holdingWorld(t: TestContext, ...limits: Parameters<typeof limit>[0][]): Promise<World> {
  const world = await createWorld(t)
  world.policy = policyWith([HOLD], limits.map(limit))
  return world
}

const approve = (world: World, id: string, change: Partial<ReviewRequest> = {}) =>
  world.review({ actor: LEAD, account: 'main', id, verdict: 'approve', ...change } as ReviewRequest)
const reject = (world: World, id: string, reason = 'not to her') =>
  world.review({ actor: LEAD, account: 'main', id, verdict: 'reject', reason })

const typesOf = async (world: World) => (await world.events()).map(({ type }) => type)

test('what is approved leaves, although the rule that held it is still there', async t => {
  const world = await holdingWorld(t)
  const held = await world.accepted({ body: 'first' })
  const other = await world.accepted({ to: BOB })
  await world.startWorker(t)
  const outcome = await approve(world, held.id, { reason: 'known customer' })
  assert.ok(outcome.kind === 'done')
  assert.equal(outcome.message.approvedBy, 'lead')
  const sent = await world.until(held.id, 'sent')
  assert.deepEqual(
    sent.timeline.map(({ status, code, detail }) => [status, code, detail]),
    [
      ['held', 'a-human-looks', "The rule a-human-looks asks for a person's approval."],
      ['queued', 'approved', 'known customer'],
      ['sending', undefined, undefined],
      ['sent', undefined, undefined],
    ],
  )
  assert.deepEqual(await typesOf(world), ['message.held', 'message.held', 'message.queued', 'message.sent'])
  assert.deepEqual(world.port.texts, ['first'])
  assert.equal((await world.message(other.id)).status, 'held')
  const entry = (await world.audit()).at(-1)
  assert.deepEqual(
    [entry?.action, entry?.principal, entry?.decision, entry?.detail?.id, entry?.detail?.by],
    ['messages.approve', 'lead', 'done', held.id, 'a-human-looks'],
  )
})

test('what was held on its way out leaves too, once it is approved', async t => {
  const world = await createWorld(t)
  const message = await world.accepted()
  world.policy = policyWith([HOLD])
  await world.startWorker(t)
  await world.until(message.id, 'held')
  assert.equal((await approve(world, message.messageId)).kind, 'done')
  await world.until(message.id, 'sent')
})

test('what is rejected fails with the reason, and nothing is sent of it', async t => {
  const world = await holdingWorld(t)
  const held = await world.accepted()
  await world.startWorker(t)
  const outcome = await reject(world, held.id)
  assert.ok(outcome.kind === 'done')
  const last = outcome.message.timeline.at(-1)
  assert.deepEqual([last?.status, last?.code, last?.detail], ['failed', 'hold.rejected', 'not to her'])
  const event = (await world.events()).at(-1)
  assert.deepEqual(
    [event?.type, event?.data.error],
    ['message.failed', { code: 'hold.rejected', message: 'not to her' }],
  )
  const entry = (await world.audit()).at(-1)
  assert.deepEqual([entry?.action, entry?.principal], ['messages.reject', 'lead'])
  assert.ok(!JSON.stringify(entry).includes('not to her'), 'free text is not for the chain')
  assert.deepEqual(world.port.orders, [])
})

test('of many who review at once, one is heard', async t => {
  const world = await holdingWorld(t, { onExceed: 'reject', count: 2, burst: 2 })
  const held = await world.accepted()
  world.putForward(HOUR_MS) // the token that it took has long flowed back
  const outcomes = await Promise.all([
    ...Array.from({ length: 8 }, () => approve(world, held.id)),
    ...Array.from({ length: 8 }, () => reject(world, held.id)),
  ])
  assert.equal(outcomes.filter(({ kind }) => kind === 'done').length, 1)
  assert.equal(outcomes.filter(({ kind }) => kind === 'too-late').length, 15)
  assert.equal((await typesOf(world)).length, 2)
  const reviews = (await world.audit()).filter(({ action }) => action !== 'messages.send')
  assert.equal(reviews.length, 1)
  assert.equal((await world.enqueue()).kind, 'accepted', 'it has taken one of the two tokens, not eight')
})

test('nobody reviews what they have asked for, and another may', async t => {
  const world = await holdingWorld(t)
  const held = await world.accepted()
  const own = await approve(world, held.id, { actor: ACTOR })
  assert.ok(own.kind === 'own')
  assert.equal(
    (await world.review({ actor: ACTOR, account: 'main', id: held.id, verdict: 'reject', reason: 'no' }))
      .kind,
    'own',
  )
  assert.equal((await world.message(held.id)).status, 'held')
  const entries = (await world.audit()).slice(1)
  assert.deepEqual(
    entries.map(({ action, decision, detail }) => [action, decision, detail?.by]),
    [
      ['messages.approve', 'deny', 'sender'],
      ['messages.reject', 'deny', 'sender'],
    ],
  )
  assert.equal(entries[0]?.detail?.decision, own.decisionId)
  assert.equal((await approve(world, held.id)).kind, 'done')
})

test('what the policy denies by now fails when it is approved; what it allows still goes', async t => {
  const world = await holdingWorld(t)
  const [alice, bob] = [await world.accepted({ to: ALICE }), await world.accepted({ to: BOB })]
  const notAlice = rule({ id: 'not-alice', effect: 'deny', when: { recipients: { numbers: [ALICE] } } })
  world.policy = policyWith([HOLD, notAlice])
  const outcome = await approve(world, alice.id)
  assert.ok(outcome.kind === 'done')
  const last = outcome.message.timeline.at(-1)
  assert.deepEqual([last?.status, last?.code], ['failed', 'denied'])
  assert.match(last?.detail ?? '', /^not-alice: /)
  const [approval, denial] = (await world.audit()).slice(-2)
  assert.deepEqual([approval?.action, approval?.principal], ['messages.approve', 'lead'])
  assert.deepEqual([denial?.decision, denial?.detail?.by], ['deny', 'not-alice'])
  const twin = await approve(world, bob.id)
  assert.ok(twin.kind === 'done' && twin.message.status === 'queued')
})

test('what is denied after its approval fails on its way out', async t => {
  const world = await holdingWorld(t)
  const held = await world.accepted()
  await approve(world, held.id)
  world.policy = policyWith([HOLD], [], [])
  await world.startWorker(t)
  assert.equal((await world.until(held.id, 'failed')).timeline.at(-1)?.code, 'denied')
})

test('a limit that is used up leaves it held, and tells the approver when to come back', async t => {
  const world = await holdingWorld(t, { onExceed: 'reject' })
  const held = await world.accepted()
  world.putForward(HOUR_MS)
  world.policy = policyWith([], [limit({ onExceed: 'reject' })])
  await world.accepted({ to: BOB })
  world.policy = policyWith([HOLD], [limit({ onExceed: 'reject' })])
  const outcome = await approve(world, held.id)
  assert.ok(outcome.kind === 'limited')
  assert.ok(outcome.retryAfterMs > 0 && outcome.retryAfterMs <= 60_000)
  assert.equal((await world.message(held.id)).status, 'held')
  world.putForward(outcome.retryAfterMs)
  assert.equal((await approve(world, held.id)).kind, 'done')
})

test('what is approved at once pays no limit a second time', async t => {
  const world = await holdingWorld(t, { onExceed: 'reject', periodMs: 100 * HOUR_MS })
  const held = await world.accepted()
  assert.equal((await approve(world, held.id)).kind, 'done')
})

test('many that are approved together leave as their limit lets them', async t => {
  const world = await holdingWorld(t, { onExceed: 'queue', maxWaitMs: HOUR_MS })
  const held = [await world.accepted(), await world.accepted({ to: BOB })]
  world.putForward(HOUR_MS)
  const dueAts: (Date | undefined)[] = []
  for (const { id } of held) {
    const outcome = await approve(world, id)
    assert.ok(outcome.kind === 'done' && outcome.message.status === 'queued')
    dueAts.push(outcome.message.dueAt)
  }
  assert.ok((dueAts[0] ?? world.now()) <= world.now())
  const waitMs = (dueAts[1]?.getTime() ?? 0) - world.now().getTime()
  assert.ok(waitMs > 30_000 && waitMs <= 60_000, `waits ${waitMs} ms`)
})

test('what a limit holds is let go by an approval, and the other limits are kept', async t => {
  const world = await createWorld(t)
  const holding = limit({ name: 'new', onExceed: 'hold' })
  world.policy = policyWith([], [holding, limit({ name: 'all', onExceed: 'reject', count: 3, burst: 3 })])
  await world.accepted()
  const [second, third] = [await world.accepted(), await world.accepted()]
  assert.deepEqual([second.status, second.timeline[0]?.code], ['held', 'limit:new'])
  assert.equal((await approve(world, second.id)).kind, 'done')
  assert.equal((await approve(world, third.id)).kind, 'done')
  const fourth = await world.enqueue()
  assert.equal(fourth.kind, 'limited')
})

test('what nobody looks at expires, and cannot be approved then', async t => {
  const world = await holdingWorld(t)
  const expiresAt = new Date(world.now().getTime() + 60_000)
  const [late, intime] = [await world.accepted({ expiresAt }), await world.accepted({ to: BOB, expiresAt })]
  assert.equal((await approve(world, intime.id)).kind, 'done')
  world.putForward(60_000)
  assert.deepEqual(await approve(world, late.id), { kind: 'too-late', status: 'expired' })
  await world.startWorker(t)
  await world.until(late.id, 'expired')
  assert.deepEqual(world.port.orders, [])
  const event = (await world.events()).findLast(({ data }) => data.id === late.id)
  assert.deepEqual([event?.type, event?.data.status], ['message.failed', 'expired'])
})

test('what was cancelled, is unknown or was never held cannot be reviewed', async t => {
  const world = await holdingWorld(t)
  const held = await world.accepted()
  await world.cancel({ actor: ACTOR, account: 'main', id: held.id })
  assert.deepEqual(await approve(world, held.id), { kind: 'too-late', status: 'cancelled' })
  assert.deepEqual(await approve(world, 'obx_nothing'), { kind: 'unknown' })
  world.policy = policyWith()
  const queued = await world.accepted()
  assert.deepEqual(await reject(world, queued.id), { kind: 'too-late', status: 'queued' })
})
