import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextAttemptAt } from '../../app/deliveries/schedule.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
const START = new Date('2026-11-01T00:00:00Z')

test('waits as the standard schedule says, then daily, and dies within the seventh day', () => {
  const waits: number[] = []
  let at = START
  for (let attemptCount = 0; ; attemptCount++) {
    const next = nextAttemptAt({ createdAt: START, attemptCount }, 7 * DAY_MS, at, () => 0.5)
    if (next === undefined) break
    waits.push((next.getTime() - at.getTime()) / 1_000)
    at = next
  }
  const hour = 3_600
  const day = 24 * hour
  assert.deepEqual(waits.slice(0, 11), [
    5,
    30,
    120,
    600,
    1_800,
    hour,
    3 * hour,
    6 * hour,
    12 * hour,
    day,
    day,
  ])
  assert.ok(waits.slice(10).every(wait => wait === day))
  const life = at.getTime() - START.getTime()
  assert.ok(life <= 7 * DAY_MS && life > 6 * DAY_MS, String(life / DAY_MS))
})

test('spreads each wait over twenty per cent either way', () => {
  const wait = (random: number) => {
    const next = nextAttemptAt({ createdAt: START, attemptCount: 3 }, DAY_MS, START, () => random)
    return (next?.getTime() ?? 0) - START.getTime()
  }
  assert.deepEqual([wait(0), wait(0.5), wait(0.999_999)], [480_000, 600_000, 720_000])
})

test('ends with the age the endpoint sets, to the millisecond', () => {
  const next = (maxAgeMs: number) =>
    nextAttemptAt({ createdAt: START, attemptCount: 0 }, maxAgeMs, START, () => 0.5)
  assert.deepEqual(next(5_000), new Date(START.getTime() + 5_000))
  assert.equal(next(4_999), undefined)
})
