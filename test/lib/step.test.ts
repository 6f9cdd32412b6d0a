import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { step } from '../../app/lib/step.ts'

test('tells a subscriber each point at the moment it is reached, and nobody afterwards', () => {
  const heard: unknown[] = []
  const listen = (message: unknown) => void heard.push(message)
  subscribe('postern:step', listen)
  step('one')
  assert.deepEqual(heard, [{ point: 'one' }])
  unsubscribe('postern:step', listen)
  step('two')
  assert.deepEqual(heard, [{ point: 'one' }])
})
