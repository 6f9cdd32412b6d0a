import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CODES } from '../../app/policy/codes.ts'
import { policyWorld } from './policy-world.ts'

test('explains every code that there is, and says so of one that there is not', async t => {
  const { run } = policyWorld(t)
  for (const [code, { title, explanation }] of Object.entries(CODES)) {
    const told = await run(['explain', code])
    assert.equal(told.exitCode, 0, code)
    assert.ok(told.out.includes(title) && told.out.includes(explanation), told.out)
  }
  assert.notEqual((await run(['explain', 'PS-9999'])).exitCode, 0)
})
