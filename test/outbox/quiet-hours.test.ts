import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QuietHours } from '../../app/policy/snapshot.ts'
import { ACTOR, createWorld, eventually, policyWith, rule, type World } from './world.ts'

const MINUTE = 60_000
const DAY_MINUTES = 24 * 60

/** Quiet from an hour before now to an hour after it. */
function quiet(world: World, change: Partial<QuietHours> = {}): void {
  const minute = Math.floor(world.now().getTime() / MINUTE) % DAY_MINUTES
  const at = (minutes: number) => (minutes + DAY_MINUTES) % DAY_MINUTES
  const spans = [{ days: new Set([0, 1, 2, 3, 4, 5, 6]), from: at(minute - 60), to: at(minute + 60) }]
  const { revision, snapshot } = world.policy
  const quietHours = { tz: 'UTC', spans, meanwhile: 'wait', exceptPurposes: ['service'], ...change } as const
  world.policy = { revision, snapshot: { ...snapshot, quietHours } }
}

/** Puts the clock forward and lets the worker look. */
function wait(world: World, minutes: number): void {
  world.putForward(minutes * MINUTE)
  world.port.becomeOpen('main')
}

test('lets a message wait for the end of quiet hours, and one of an excepted purpose pass it', async t => {
  const world = await createWorld(t)
  quiet(world)
  const kept = await world.accepted()
  assert.equal(kept.status, 'queued')
  const inMinutes = ((kept.dueAt?.getTime() ?? 0) - world.now().getTime()) / MINUTE
  assert.ok(inMinutes > 58 && inMinutes <= 60, String(inMinutes))
  assert.match(kept.timeline[0]?.detail ?? '', /^quiet-hours/)
  await world.startWorker(t)
  await world.until((await world.accepted({ purpose: 'service' })).id, 'sent')
  assert.equal((await world.message(kept.id)).status, 'queued')
  wait(world, 61)
  await world.until(kept.id, 'sent')
})

test('counts from when a message is to leave, and lets its time run on', async t => {
  const world = await createWorld(t)
  quiet(world)
  const after = new Date(world.now().getTime() + 90 * MINUTE)
  assert.deepEqual((await world.accepted({ sendAt: after })).dueAt, after)
  const short = await world.accepted({ expiresAt: new Date(world.now().getTime() + 30 * MINUTE) })
  await world.startWorker(t)
  wait(world, 31)
  await world.until(short.id, 'expired')
})

test('refuses in quiet hours where the policy says so, with a decision that the audit chain knows', async t => {
  const world = await createWorld(t)
  quiet(world, { meanwhile: 'deny' })
  const refused = await world.enqueue()
  assert.ok(refused.kind === 'denied')
  assert.equal(refused.decision.by, 'quiet-hours')
  const entry = (await world.audit()).at(-1)
  assert.deepEqual([entry?.decision, entry?.detail?.by], ['deny', 'quiet-hours'])
  assert.equal((await world.enqueue({ purpose: 'service' })).kind, 'accepted')
  assert.equal((await world.enqueue({ actor: { ...ACTOR, principal: 'system' } })).kind, 'accepted')
})

test('puts off what has come into quiet hours on its way, without an attempt', async t => {
  const world = await createWorld(t)
  const first = await world.accepted()
  const second = await world.accepted()
  const urgent = await world.accepted({ purpose: 'service' })
  quiet(world)
  await world.startWorker(t)
  await world.until(urgent.id, 'sent')
  for (const { id } of [first, second]) {
    const { status, attemptCount, dueAt } = await world.message(id)
    assert.deepEqual([status, attemptCount], ['queued', 0])
    assert.ok((dueAt?.getTime() ?? 0) > world.now().getTime() + 50 * MINUTE)
  }
  wait(world, 61)
  await world.until(second.id, 'sent')
  assert.deepEqual(world.port.texts, ['text 3', 'text 1', 'text 2'])
})

test('fails what has come into quiet hours that refuse, and holds before it puts off', async t => {
  const world = await createWorld(t)
  const late = await world.accepted()
  quiet(world, { meanwhile: 'deny' })
  await world.startWorker(t)
  const failed = await world.until(late.id, 'failed')
  assert.match(failed.timeline.at(-1)?.detail ?? '', /^quiet-hours/)
  world.policy = policyWith([rule({ id: 'look', effect: 'hold' })])
  quiet(world)
  const held = await eventually(async () => await world.accepted(), 'a held message')
  assert.equal(held.status, 'held')
})
