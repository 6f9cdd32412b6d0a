import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { policyWorld } from './policy-world.ts'

const EXAMPLE = readFileSync(join(import.meta.dirname, '..', 'cases', 'example', 'policy.yaml'), 'utf8')
/** What this version checks and does not do: said once for each, and nothing else is. */
const SAID = ['PS-3105', 'PS-3107', 'PS-3107', 'PS-3107']

/** The example with every secret that it names. */
function exampleWorld(t: TestContext, text = EXAMPLE) {
  const world = policyWorld(t, { 'base.yaml': text })
  for (const [, name] of text.matchAll(/secret:([\w.-]+)/g))
    writeFileSync(join(world.folder, 'secrets', name ?? ''), 'x')
  return world
}

test('checks the whole example without an error', async t => {
  const { exitCode, out } = await exampleWorld(t).run(['check', '--format', 'plain'], { ok: true })
  assert.equal(exitCode, 0, out)
  assert.deepEqual([...out.matchAll(/PS-\d{4}/g)].map(([code]) => code).sort(), SAID)
})

test('passes the tests of the example, each rule decided by one', async t => {
  const { exitCode, out } = await exampleWorld(t).run(['test', '--coverage'])
  assert.equal(exitCode, 0, out)
  assert.match(out, /^6 of 6 tests passed; 3 of 3 rules decided a request, 100 % wanted\.$/m)
})

test('fails the example where one of its facts is another', async t => {
  const lax = EXAMPLE.replace('rate: 6/1h,  onExceed: reject', 'rate: 7/1h,  onExceed: reject')
  assert.notEqual(lax, EXAMPLE)
  const { exitCode, out } = await exampleWorld(t, lax).run(['test'])
  assert.equal(exitCode, 4, out)
})
