import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { renderEdge } from '../../app/policy/render-edge.ts'
import { snapshotOf } from '../policy/world.ts'
import { policyWorld } from './policy-world.ts'

const SCHEMAS = join(import.meta.dirname, '..', '..', 'app', 'policy', 'schemas')

test('writes the very schemas that check runs, one for all kinds, and settings that lead to it', async t => {
  const { run, folder } = policyWorld(t)
  const out = join(folder, 'editor', 'schemas')
  assert.equal((await run(['schema', '--out', out])).exitCode, 0)
  for (const name of readdirSync(SCHEMAS)) {
    assert.deepEqual(readFileSync(join(out, name)), readFileSync(join(SCHEMAS, name)), name)
  }
  const settings = JSON.parse(readFileSync(join(out, 'settings.json'), 'utf8'))
  const [[schema = '', files] = []] = Object.entries(settings['yaml.schemas'])
  assert.ok(existsSync(join(process.cwd(), schema)))
  assert.deepEqual(files, ['policies/**/*.yaml', 'policies/**/*.yml'])
  assert.equal((await run(['schema'])).out, readFileSync(join(out, 'policy.json'), 'utf8').trimEnd())
})

test('renders the part of Caddy that the policy decides, and nothing of a faulty one', async t => {
  const { run } = policyWorld(t)
  const clean = await run(['render'])
  assert.equal(clean.exitCode, 0)
  assert.equal(`${clean.out}\n`, renderEdge(snapshotOf(''), {}))
  assert.match(clean.out, /localhost:9443[\s\S]*localhost:8443/)
  const moved = await policyWorld(t, {}, { POSTERN_PORT_BASE: '27500' }).run(['render'])
  assert.equal(moved.out, clean.out.replaceAll('9443', '27543').replaceAll('8443', '27542'))
  const faulty = await policyWorld(t, { 'bad.yaml': 'kind: Nothing\n' }).run(['render'])
  assert.deepEqual([faulty.exitCode, faulty.out], [3, ''])
  assert.match(faulty.err, /PS-1102/)
})
