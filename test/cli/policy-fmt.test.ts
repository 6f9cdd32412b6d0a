import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { policyWorld } from './policy-world.ts'

const UNTIDY = 'kind: Networks\nspec: {lab: {cidrs: [ "10.30.0.0/24" ]}}  # ours\n'
const TIDY = 'kind: Networks\nspec: { lab: { cidrs: ["10.30.0.0/24"] } }  # ours\n'

test('names the files that differ, exits 3 and writes nothing with --check; then writes them and exits 0', async t => {
  const { run, folder } = policyWorld(t, { 'more.yaml': UNTIDY })
  const path = join(folder, 'policies', 'more.yaml')
  const checked = await run(['fmt', '--check'])
  assert.deepEqual([checked.exitCode, checked.out, readFileSync(path, 'utf8')], [3, 'more.yaml', UNTIDY])
  const written = await run(['fmt'])
  assert.deepEqual([written.exitCode, written.out, readFileSync(path, 'utf8')], [0, 'more.yaml', TIDY])
  const again = await run(['fmt', '--check'])
  assert.deepEqual([again.exitCode, again.out, again.err], [0, '', ''])
})

test('writes no file at all when one does not parse, and says where', async t => {
  const { run, folder } = policyWorld(t, { 'bad.yaml': 'kind: [\n', 'more.yaml': UNTIDY })
  const written = await run(['fmt'])
  assert.equal(written.exitCode, 3)
  assert.match(written.err, /error\[PS-1001\].*\n.*bad\.yaml:/)
  assert.equal(readFileSync(join(folder, 'policies', 'more.yaml'), 'utf8'), UNTIDY)
})

test('writes what a link leads to, and keeps the link and the mode of the file', async t => {
  const { run, folder } = policyWorld(t, { 'more.yaml': UNTIDY })
  const link = join(folder, 'policies', 'more.yaml')
  const target = join(folder, 'elsewhere', 'real.yaml')
  mkdirSync(join(folder, 'elsewhere'))
  renameSync(link, target)
  symlinkSync(target, link)
  writeFileSync(target, UNTIDY, { mode: 0o640 })
  const { mode } = statSync(target)
  assert.equal((await run(['fmt'])).exitCode, 0)
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.deepEqual([readFileSync(target, 'utf8'), statSync(target).mode], [TIDY, mode])
})

test('exits 3 when there is no such folder', async t => {
  const run = await policyWorld(t).run(['fmt', '--policies', '/nowhere/at/all'])
  assert.equal(run.exitCode, 3)
  assert.match(run.err, /there is no policy folder/)
})
