import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterFailure, afterSuccess, gateOf, healthy } from '../../app/deliveries/breaker.ts'
import { createRecent } from '../../app/deliveries/recent.ts'
import { nextAttemptAt } from '../../app/deliveries/schedule.ts'
import type { EndpointHealth } from '../../app/store/endpoints.ts'

const START = Date.parse('2026-11-23T10:00:00Z')
const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
const at = (ms: number) => new Date(START + ms)

/** An endpoint that is told of attempts one after another; each takes no time unless said. */
function endpoint(random = () => 0.5) {
  let health: EndpointHealth = healthy('ops')
  const recent = createRecent()
  const attempt = (ms: number, ok: boolean, { startedMs = ms, gone = false } = {}) => {
    recent.add(ok, at(ms))
    health = ok
      ? afterSuccess(health, at(ms))
      : afterFailure(health, { startedAt: at(startedMs), endedAt: at(ms), gone, recent, random })
    return health
  }
  return {
    ok: (ms: number) => attempt(ms, true),
    fail: (ms: number, more = {}) => attempt(ms, false, more),
    gate: (ms: number) => gateOf(health, at(ms)),
    health: () => health,
  }
}

test('stays closed at nine failures in a row and trips at the tenth', () => {
  const one = endpoint()
  for (let i = 0; i < 9; i++) one.fail(i)
  assert.equal(one.gate(9), 'open')
  one.fail(9)
  assert.equal(one.gate(10), 'shut')
  assert.deepEqual(one.health().openUntil, at(9 + 30 * SECOND))
})

test('counts in a row: a success between begins anew', () => {
  const one = endpoint()
  for (let i = 0; i < 9; i++) one.fail(i)
  one.ok(9)
  for (let i = 10; i < 19; i++) one.fail(i * MINUTE)
  assert.equal(one.gate(19 * MINUTE), 'open')
})

test('trips when 7 of 10 attempts in five minutes failed, and neither at 6 of 10 nor at 7 of 9', () => {
  const outcome = (pattern: string) => {
    const one = endpoint()
    for (const [i, letter] of [...pattern].entries()) {
      if (letter === 'x') one.fail(i * SECOND)
      else one.ok(i * SECOND)
    }
    return one.gate(pattern.length * SECOND)
  }
  assert.equal(outcome('xx.xx.xx.x'), 'shut')
  assert.equal(outcome('xx.xx.x.x.'), 'open')
  assert.equal(outcome('xxx.xx.xx'), 'open')
})

test('forgets attempts older than five minutes', () => {
  const one = endpoint()
  for (let i = 0; i < 6; i++) one.fail(i * SECOND)
  one.ok(7 * SECOND)
  for (let i = 0; i < 3; i++) one.fail(6 * MINUTE + i * SECOND)
  assert.equal(one.gate(7 * MINUTE), 'open')
})

test('lets one attempt try when its time has come, doubles the wait up to ten minutes, and closes at a success', () => {
  const one = endpoint()
  for (let i = 0; i < 10; i++) one.fail(i)
  const waits: number[] = []
  for (let i = 0; i < 8; i++) {
    const probeMs = (one.health().openUntil?.getTime() ?? 0) - START
    assert.equal(one.gate(probeMs - 1), 'shut')
    assert.equal(one.gate(probeMs), 'probe')
    one.fail(probeMs + SECOND, { startedMs: probeMs })
    waits.push((one.health().openUntil?.getTime() ?? 0) - START - probeMs - SECOND)
  }
  assert.deepEqual(
    waits.map(ms => ms / SECOND),
    [60, 120, 240, 480, 600, 600, 600, 600],
  )
  one.ok(DAY)
  assert.equal(one.gate(DAY), 'open')
  assert.equal(one.health().openUntil, undefined)
})

test('learns nothing from what was under way when it opened', () => {
  const one = endpoint()
  for (let i = 0; i < 10; i++) one.fail(i)
  const before = one.health().openUntil
  one.fail(40 * SECOND, { startedMs: 9 })
  assert.deepEqual(one.health().openUntil, before)
})

test('spreads the probes', () => {
  const waits = [0, 0.999].map(random => {
    const one = endpoint(() => random)
    for (let i = 0; i < 10; i++) one.fail(0)
    return (one.health().openUntil?.getTime() ?? 0) - START
  })
  assert.deepEqual(waits, [24_000, 35_988])
})

test('disables after five days without one success, not a moment earlier, and not when there was one', () => {
  const one = endpoint()
  for (const day of [0, 1, 2, 3, 4]) one.fail(day * DAY)
  one.fail(5 * DAY - 1)
  assert.equal(one.health().disabled, undefined)
  one.fail(5 * DAY)
  assert.deepEqual(one.health().disabled, { at: at(5 * DAY), because: 'failing' })
  assert.equal(one.gate(50 * DAY), 'shut')

  const other = endpoint()
  other.fail(0)
  for (const day of [1, 2, 3, 4, 5]) other.ok(day * DAY)
  other.fail(5 * DAY + 1)
  other.fail(6 * DAY)
  assert.equal(other.health().disabled, undefined)
})

test('disables for failures all the time, and not for two with days between them in which nothing was tried', () => {
  const rare = endpoint()
  for (const day of [0, 5, 10, 11]) rare.fail(day * DAY)
  assert.equal(rare.health().disabled, undefined)
  assert.deepEqual(rare.health().failingSince, at(10 * DAY))
  assert.equal(rare.health().failureCount, 4, 'in a row they are all the same')
  for (const day of [12, 13, 14]) rare.fail(day * DAY)
  assert.equal(rare.health().disabled, undefined)
  rare.fail(15 * DAY)
  assert.deepEqual(rare.health().disabled, { at: at(15 * DAY), because: 'failing' })

  const slow = endpoint()
  const tried = { createdAt: at(0), attemptCount: 20 }
  let [now, tries] = [at(0), 0]
  for (; slow.health().disabled === undefined && tries < 10; tries++) {
    slow.fail(now.getTime() - START + 30 * SECOND, { startedMs: now.getTime() - START })
    const failedAt = new Date(now.getTime() + 30 * SECOND)
    now = nextAttemptAt(tried, 30 * DAY, failedAt, () => 0.999_999) ?? assert.fail('it died')
  }
  assert.equal(tries, 6, 'the slowest pace of the schedule is not a pause')
})

test('disables at once when the endpoint is gone, and a late success does not enable it', () => {
  const one = endpoint()
  one.fail(0, { gone: true })
  assert.deepEqual(one.health().disabled, { at: at(0), because: 'gone' })
  one.ok(SECOND)
  assert.equal(one.gate(2 * SECOND), 'shut')
})
