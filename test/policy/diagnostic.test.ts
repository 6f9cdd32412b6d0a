import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeText } from '../../app/policy/codes.ts'
import { DIAGNOSTIC_FORMATS, formatDiagnostics } from '../../app/policy/format/format.ts'
import { loadPolicy } from '../../app/policy/load.ts'
import { ALL_SECRETS, BASE, load } from './world.ts'

const ACCESS = `kind: Access
spec:
  rules:
    - id: billing-sends-invoices
      effect: allow
      principals: [billing]
      actions: [messages.send]
      accounts: [man]
`

function diagnosticsOf(files: Record<string, string>) {
  const outcome = load(files)
  assert.equal(outcome.kind, 'rejected')
  const all = Object.entries({ 'base.yaml': BASE, ...files }).map(([name, text]) => ({ name, text }))
  return { diagnostics: outcome.kind === 'rejected' ? outcome.diagnostics : [], files: all }
}

test('shows people the line, the mark, the nearest name, the effect and what stays in force', () => {
  const { diagnostics, files } = diagnosticsOf({ 'access.yaml': ACCESS })
  assert.equal(
    formatDiagnostics(diagnostics, { format: 'pretty', files, inForce: 'r41' }),
    `error[PS-2107]: unknown account "man" in rule "billing-sends-invoices"
 --> access.yaml:8:18
  |
8 |       accounts: [man]
  |                  ^^^ no account has this name
  = hint: did you mean "main"? (base.yaml:26:9)
  = effect: this rule would allow nothing

1 error in 2 files. Nothing was loaded; the policy in force is still r41.`,
  )
})

test('gives machines every place with its range, and a version of the format', () => {
  const { diagnostics, files } = diagnosticsOf({ 'access.yaml': ACCESS })
  const report = JSON.parse(formatDiagnostics(diagnostics, { format: 'json', files, inForce: 'r41' }))
  assert.equal(report.format_version, '1.0')
  assert.equal(report.valid, false)
  assert.equal(report.error_count, 1)
  assert.equal(report.policy_in_force, 'r41')
  const offset = ACCESS.indexOf('man]')
  assert.deepEqual(report.diagnostics[0].range, {
    start: { line: 8, column: 18, offset },
    end: { line: 8, column: 21, offset: offset + 3 },
  })
})

test('never shows a secret in any format, not even beside another error of the same line', () => {
  const secret = 'hunter2-is-not-a-good-one'
  const text = `kind: Accounts
spec:
  third: { password: "${secret}", markRead: maybe }
  fourth: { displayName: "-----BEGIN PRIVATE KEY-----${secret}" }
  fifth: { displayName: "https://ana:${secret}@example.com" }
`
  const { diagnostics, files } = diagnosticsOf({ 'accounts.yaml': text })
  assert.deepEqual(
    diagnostics.map(diagnostic => diagnostic.code),
    ['PS-4103', 'PS-1105', 'PS-4103', 'PS-4103'],
  )
  for (const format of DIAGNOSTIC_FORMATS) {
    assert.ok(!formatDiagnostics(diagnostics, { format, files }).includes('hunter2'), format)
  }
})

test('takes references, URIs, serial numbers and plain texts for no secrets', () => {
  const text = `kind: Accounts
spec:
  third: { displayName: "Customers of the north-west, since 2019", note: "see https://wiki.example.com/a/b?page=3" }
---
kind: Principals
spec:
  revoked: [{ serial: "4f:9a:00:c1:4f:9a:00:c1:4f:9a:00:c1:4f:9a:00:c1:4f:9a:00:c1" }]
`
  assert.equal(load({ 'more.yaml': text }).kind, 'loaded')
})

test('sorts by file and line, whatever finds an error first', () => {
  const { diagnostics } = diagnosticsOf({
    'b.yaml': ACCESS.replace('allow', 'alow'),
    'a.yaml': 'kind: Accounts\nspec:\n  third: { markRead: 3, presence: gone }\n',
  })
  assert.deepEqual(
    diagnostics.map(({ file, range }) => `${file}:${range?.start.line}`),
    ['a.yaml:3', 'a.yaml:3', 'b.yaml:5', 'b.yaml:8'],
  )
})

test('counts columns as editors do, also behind letters of two units', () => {
  const { diagnostics } = diagnosticsOf({
    'a.yaml': 'kind: Accounts\nspec: { third: { displayName: "🏔é", markRead: maybe } }\n',
  })
  assert.equal(diagnostics[0]?.range?.start.column, 48)
})

test('refuses a file of more than 1 MiB, and reads one of nearly that', () => {
  const padded = (bytes: number) => `# ${'x'.repeat(bytes - 3)}\n`
  const tooLarge = load({ 'a.yaml': padded(1_048_577) })
  assert.equal(tooLarge.kind === 'rejected' && tooLarge.diagnostics[0]?.code, 'PS-1007')
  assert.equal(load({ 'a.yaml': padded(1_048_576) }).kind, 'loaded')
})

test('survives text that is nested without end', () => {
  const outcome = load({ 'a.yaml': `a: ${'['.repeat(20_000)}` })
  assert.equal(outcome.kind, 'rejected')
})

test('says so when there is no policy file at all', () => {
  const outcome = loadPolicy([], ALL_SECRETS)
  assert.equal(outcome.kind === 'rejected' && outcome.diagnostics[0]?.code, 'PS-1201')
})

test('explains a code, however it is written, and knows no others', () => {
  assert.equal(codeText('PS-2107')?.title, 'unknown account')
  assert.equal(codeText('ps-2107'), codeText('2107'))
  assert.equal(codeText('PS-9999'), undefined)
})
