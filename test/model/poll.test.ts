import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resultsOf } from '../../app/model/content/poll.ts'

const at = new Date(0)

test('a poll stands as its options and those who chose them, each voter once', () => {
  const votes = [
    { voter: 'a', options: ['tea', 'tea', 'rum'], at },
    { voter: 'b', options: ['rum', 'unknown'], at },
    { voter: 'c', options: [], at },
  ]
  assert.deepEqual(resultsOf(['rum', 'tea', 'water'], votes), [
    { option: 'rum', count: 2, voters: ['a', 'b'] },
    { option: 'tea', count: 1, voters: ['a'] },
    { option: 'water', count: 0, voters: [] },
  ])
})

test('a poll of very many options, all of them chosen, takes no time', () => {
  const options = Array.from({ length: 50_000 }, (_, n) => String(n))
  const before = process.cpuUsage()
  assert.equal(resultsOf(options, [{ voter: 'a', options: options.toReversed(), at }]).length, 50_000)
  assert.ok(process.cpuUsage(before).user < 1_000_000)
})
