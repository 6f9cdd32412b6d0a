import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPolicyFolder } from '../../app/config/policy-folder.ts'
import { formatPolicy } from '../../app/policy/fmt/format-policy.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** The text in its canonical layout, which must be at rest. */
function formatted(text: string): string {
  const outcome = formatPolicy({ name: 'a.yaml', text })
  if (outcome.kind !== 'formatted') throw new Error(JSON.stringify(outcome))
  assert.deepEqual(formatPolicy({ name: 'a.yaml', text: outcome.text }), outcome)
  return outcome.text
}

for (const folder of ['policies', 'test/sandbox/policies']) {
  test(`finds nothing to change in ${folder}`, async () => {
    for (const file of await readPolicyFolder(join(ROOT, folder)))
      assert.equal(formatted(file.text), file.text)
  })
}

test('puts members in the order of their schema, with the comments that speak of them', () => {
  assert.equal(
    formatted(`# About the file.
kind: Access
apiVersion: postern/v1
spec:
  # About rules.
  rules:
    # About the first rule.
    - effect: allow
      # Its name.
      id: a
      x-ticket: 7
      principals: [billing]   # who
  # About roles.
  roles: { zebra: [a.b], ant: [a.b] }
`),
    `# About the file.
apiVersion: postern/v1
kind: Access
spec:
  # About roles.
  roles: { zebra: [a.b], ant: [a.b] }
  # About rules.
  rules:
    # About the first rule.
    # Its name.
    - id: a
      effect: allow
      principals: [billing]           # who
      x-ticket: 7
`,
  )
})

test('keeps braces that fit the line, and writes out those that do not or that hold comments', () => {
  const long = `${'x'.repeat(60)}`
  assert.equal(
    formatted(`kind: Accounts
spec:
  a: {displayName:   A,markRead: true}
  b: { displayName: "${long}", note: "${long}" }
  c: { displayName: C, # of the third
    markRead: true }
  d:
    displayName: D
`),
    `kind: Accounts
spec:
  a: { displayName: A, markRead: true }
  b:
    displayName: "${long}"
    note: "${long}"
  c:
    displayName: C                    # of the third
    markRead: true
  d:
    displayName: D
`,
  )
})

test('keeps comments at the indentation that says whose they are, and one blank line of several', () => {
  const text = `kind: Principals
spec:
  services:
    a:
      networks: [n]
      # expires: 2027-03-31

    # b: a service that is off

  # People come next.
  people: {}
  #  c: {}
# The end.
`
  assert.equal(formatted(text), text)
  assert.equal(formatted(text.replace('\n\n    # b', '\n\n\n\n    # b')), formatted(text))
})

test('keeps quotes, numbers and texts of several lines as they are spelt', () => {
  const text = `kind: Access
x-notes: ["+33600000001", '+33', +33, 0x1F, 1.50, 12345678901234567890, ~, True, 2027-03-31, "a # b"]
x-text: |
  # no comment


  two blank lines
x-folded: >
  one

  two
x-bare: |-                            #
  two
x-said: >-                            # why #
  three
`
  assert.equal(formatted(text), text)
})

test('keeps documents apart, drops empty ones, and ends lines as everybody does', () => {
  assert.equal(
    formatted('kind: A\r\n---\r\n---\r\n# of B\r\nkind: B\r\n...\r\n---\r\nkind: C'),
    'kind: A\n---\n# of B\nkind: B\n---\nkind: C\n',
  )
  assert.equal(formatted('# nothing yet\n\n\n'), '# nothing yet\n')
})

test('leaves the order of a document with aliases alone: an alias stands behind its anchor', () => {
  assert.equal(
    formatted('kind: Access\nspec:\n  rules: &r [ ]\n  roles: *r\n'),
    'kind: Access\nspec:\n  rules: &r []\n  roles: *r\n',
  )
})

test('does not touch what does not parse, and says where it fails', () => {
  const outcome = formatPolicy({ name: 'a.yaml', text: 'kind: Access\nspec: [\n' })
  assert.equal(outcome.kind === 'unreadable' && outcome.diagnostics[0]?.code, 'PS-1001')
  const tab = formatPolicy({ name: 'a.yaml', text: 'kind: Access\nspec: {\t}\n' })
  assert.equal(tab.kind === 'unreadable' && tab.diagnostics[0]?.code, 'PS-1003')
})

test('formats documents with mistakes that only a schema finds', () => {
  assert.equal(formatted('kind: Nothing\nspec: {b: 1,a: 2}\n'), 'kind: Nothing\nspec: { b: 1, a: 2 }\n')
  assert.equal(formatted('[a,b]\n'), '[a, b]\n')
})
