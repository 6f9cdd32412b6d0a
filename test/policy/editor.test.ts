import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { anyKindSchema } from '../../app/policy/shape/any-kind.ts'
import { KINDS, schemaOf } from '../../app/policy/shape/schemas.ts'
import { startLanguageServer } from './language-server.ts'
import { load } from './world.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const FILE = pathToFileURL(join(ROOT, 'policies', 'more.yaml')).href
/** As the shipped files begin; `name` and `networks` of its members come from common.json beside it. */
const LINE = '# yaml-language-server: $schema=../app/policy/schemas/principals.json\n'
const RIGHT = `${LINE}kind: Principals
spec:
  people:
    late: { roles: [operator], networks: [office] }
`
const WRONG = RIGHT.replace('{ roles', '{ rols: [], roles')

test('the language server of editors marks the unknown key that check reports, at the same place', async t => {
  const server = startLanguageServer(t)
  await server.initialize()
  const outcome = load({ 'more.yaml': WRONG })
  const told = outcome.kind === 'rejected' ? outcome.diagnostics : []
  assert.deepEqual(
    told.map(({ code }) => code),
    ['PS-1103'],
  )
  const marks = await server.marksOf(FILE, WRONG)
  assert.deepEqual(
    marks.map(({ line, column }) => `${line}:${column}`),
    told.map(({ range }) => `${range?.start.line}:${range?.start.column}`),
  )
  assert.match(marks[0]?.message ?? '', /rols/)
  assert.deepEqual(await server.marksOf(FILE.replace('more', 'right'), RIGHT), [])
})

test('the schema of every kind is one by the rules of JSON Schema, which nobody has the time to ask at a start', () => {
  const ajv = new Ajv2020()
  for (const name of [...KINDS, 'common.json'])
    assert.ok(ajv.validateSchema(schemaOf(name) ?? false), `${name}: ${ajv.errorsText()}`)
  assert.ok(!ajv.validateSchema({ ...schemaOf('Access'), required: 'kind' }))
})

test('the schema for all kinds names a file of every kind, which lies beside it', () => {
  const named = JSON.stringify(anyKindSchema()).match(/[a-z]+\.json(?="\}\})/g)
  const files = readdirSync(join(ROOT, 'app', 'policy', 'schemas'))
  assert.equal(named?.length, KINDS.length)
  for (const name of named ?? []) assert.ok(files.includes(name), name)
})

test('every shipped file begins with the schema of its kind', () => {
  for (const name of readdirSync(join(ROOT, 'policies')).filter(entry => entry.endsWith('.yaml'))) {
    const text = readFileSync(join(ROOT, 'policies', name), 'utf8')
    const kind = /^kind: (\w+)$/m.exec(text)?.[1]?.toLowerCase()
    assert.ok(text.startsWith(`# yaml-language-server: $schema=../app/policy/schemas/${kind}.json\n`), name)
  }
})
