import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CODES } from '../../app/policy/codes.ts'
import { formatDiagnostics } from '../../app/policy/format/format.ts'
import { allowedTwin, filesOf, loadCase, readCases } from './case.ts'

const cases = readCases()

/** Told by other tests: a file of more than 1 MiB, what Caddy says, what a signature is worth, what blocks a plan, what policy tests say, and what an app could not live with. */
const ELSEWHERE = [
  'PS-1007',
  'PS-4201',
  'PS-6002',
  'PS-6003',
  'PS-5001',
  'PS-7001',
  'PS-7002',
  'PS-7003',
  'PS-7004',
  'PS-7005',
]

for (const policyCase of cases) {
  test(`tells what is wrong in the case ${policyCase.name}, and where`, () => {
    const outcome = loadCase(policyCase)
    const found = outcome.kind === 'loaded' ? outcome.warnings : outcome.diagnostics
    const lines = formatDiagnostics(found, { format: 'plain', files: filesOf(policyCase) }).split('\n')
    assert.deepEqual(lines, policyCase.want)
    for (const { severity, hint } of found) assert.ok(severity === 'error' || hint !== undefined, 'a remedy')
    const onlyWarnings = policyCase.want.every(line => line.includes(': warning: '))
    assert.equal(outcome.kind, onlyWarnings ? 'loaded' : 'rejected')
  })

  if (policyCase.allowed === undefined) continue
  test(`says nothing once the case ${policyCase.name} is put right`, () => {
    const outcome = loadCase(allowedTwin(policyCase))
    assert.deepEqual(outcome.kind === 'loaded' ? outcome.warnings : outcome.diagnostics, [])
  })
}

test('has a case for every code', () => {
  const told = new Set(cases.flatMap(({ want }) => want.map(line => /PS-\d{4}/.exec(line)?.[0])))
  assert.deepEqual(
    Object.keys(CODES).filter(code => !told.has(code) && !ELSEWHERE.includes(code)),
    [],
  )
})
