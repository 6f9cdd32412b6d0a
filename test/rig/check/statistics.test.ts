import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bound, percentile, slope } from './statistics.ts'

test('takes the percentile among the samples, the greatest for the 99th of few', () => {
  const samples = [30, 10, 20, 40]
  assert.equal(percentile(samples, 50), 20)
  assert.equal(percentile(samples, 99), 40)
  assert.equal(percentile([], 50), undefined)
  assert.equal(
    percentile(
      Array.from({ length: 200 }, (_, i) => i + 1),
      99,
    ),
    198,
  )
})

test('bounds the rate of losses by three over the count, and claims nothing after a loss', () => {
  assert.equal(bound(0, 6_000), '0 lost in 6000: fewer than 0.050 % at 95 %')
  assert.equal(bound(2, 6_000), '2 lost in 6000')
  assert.equal(bound(0, 0), 'nothing was promised')
})

test('finds the slope through noise, and none where there is none', () => {
  const rising = [0, 1, 2, 3, 4, 5].map(at => [at, 100 + 3 * at + (at % 2 === 0 ? 1 : -1)] as const)
  assert.ok(Math.abs(slope(rising) - 3) < 0.4)
  assert.equal(
    slope([
      [0, 5],
      [1, 5],
      [2, 5],
    ]),
    0,
  )
})
