import assert from 'node:assert/strict'
import { test } from 'node:test'
import { warmUpDay } from '../../app/policy/pacing.ts'

const LINKED = new Date('2026-11-23T10:17:00Z')
const WARM_UP = { start: 40, growth: 1.3, max: 1_500 }

const TABLE = [
  { at: '2026-11-23T10:17:00Z', since: '2026-11-23T10:17:00.000Z', allowance: 40 },
  { at: '2026-11-24T10:16:59Z', since: '2026-11-23T10:17:00.000Z', allowance: 40 },
  { at: '2026-11-24T10:17:00Z', since: '2026-11-24T10:17:00.000Z', allowance: 52 },
  { at: '2026-11-25T12:00:00Z', since: '2026-11-25T10:17:00.000Z', allowance: 67 },
  { at: '2026-12-06T12:00:00Z', since: '2026-12-06T10:17:00.000Z', allowance: 1_211 },
  { at: '2026-12-07T12:00:00Z', since: '2026-12-07T10:17:00.000Z', allowance: 1_500 },
  { at: '2046-12-07T12:00:00Z', since: '2046-12-07T10:17:00.000Z', allowance: 1_500 },
  { at: '2026-11-23T09:00:00Z', since: '2026-11-23T10:17:00.000Z', allowance: 40 },
]

for (const { at, since, allowance } of TABLE) {
  test(`lets ${allowance} leave on the day of ${at}`, () => {
    const day = warmUpDay(WARM_UP, LINKED, new Date(at))
    assert.deepEqual([day.since.toISOString(), day.allowance], [since, allowance])
    assert.equal(day.until.getTime() - day.since.getTime(), 24 * 60 * 60_000)
  })
}
