import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterwards } from '../helpers/afterwards.ts'
import { ofToday } from './rota.ts'

test('comes past everything within days, so many a day', t => {
  const before = process.env.RIG_DAY
  afterwards(t, () => {
    if (before === undefined) delete process.env.RIG_DAY
    else process.env.RIG_DAY = before
  })
  const all = ['a', 'b', 'c', 'd', 'e']
  const days = ['7', '8', '9'].map(day => {
    process.env.RIG_DAY = day
    return ofToday(all, 2)
  })
  assert.deepEqual(
    days.map(day => day.length),
    [2, 2, 2],
  )
  assert.deepEqual(new Set(days.flat()), new Set(all))
  assert.deepEqual(ofToday(['only'], 2), ['only'])
})
