import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PolicyFile, policyText } from '../../app/model/policy-file.ts'
import {
  addRevocations,
  digestBesideRevoked,
  revokedIn,
  withRevocations,
} from '../../app/policy/revocations.ts'

const file = (text: string, name = 'principals.yaml'): PolicyFile => ({ name, text })
const lost = { serial: '4f9a00c1', since: '2026-11-02', reason: 'laptop lost' }
const SERVICES = '  services:\n    billing: { networks: [lan] }      # who sends invoices\n'

const beside = (text: string) => digestBesideRevoked([file(text)])

/** The only file, with one more revocation. */
function added(text: string): string | undefined {
  return addRevocations([file(text)], [lost])[0]?.text
}

test('adds a line to the list, and keeps everything else and its comments', () => {
  const before = `# Who may ask.
kind: Principals
spec:
${SERVICES}  # Count no more.
  revoked:
    - { serial: "01:23", since: 2026-10-01 }  # the old one
`
  const after = added(before)
  assert.equal(after, `${before}    - { serial: "4f9a00c1", since: 2026-11-02, reason: laptop lost }\n`)
})

test('begins the list where it is empty, and where there is none', () => {
  const line = '  revoked:\n    - { serial: "4f9a00c1", since: 2026-11-02, reason: laptop lost }\n'
  for (const list of ['  revoked: []\n', ''])
    assert.equal(
      added(`kind: Principals\nspec:\n${SERVICES}${list}`),
      `kind: Principals\nspec:\n${SERVICES}${line}`,
    )
})

test('puts a line in and leaves the layout to its author', () => {
  const layouts = [
    ['  revoked: []   # nobody yet\n', '  revoked:\n    - {}   # nobody yet\n'],
    ['  revoked: [{ serial: "1" }]\n', '  revoked: [{ serial: "1" }, {}]\n'],
    [
      '  revoked:\n  - serial: "1"\n    reason: old\n\n  # more\n',
      '  revoked:\n  - serial: "1"\n    reason: old\n  - {}\n\n  # more\n',
    ],
    ['  people: { kim: x }', '  people: { kim: x }\n  revoked:\n    - {}\n'],
    [
      '  revoked: [\n    { serial: "1" }\n  ]\n  people: x\n',
      '  revoked: [\n    { serial: "1" }, {}]\n  people: x\n',
    ],
    ['  revoked:\n    - { serial: "1" }', '  revoked:\n    - { serial: "1" }\n    - {}\n'],
    [
      '  people:\n    kim:\n      roles:\n        - a\n\n---\nkind: Networks\n',
      '  people:\n    kim:\n      roles:\n        - a\n  revoked:\n    - {}\n\n---\nkind: Networks\n',
    ],
  ] as const
  const head = `kind:   Principals\nspec:\n${SERVICES}`
  for (const [before, after] of layouts) {
    const whole = head + after.replace('{}', '{ serial: "4f9a00c1", since: 2026-11-02, reason: laptop lost }')
    assert.equal(added(head + before), whole)
    assert.equal(
      beside(whole),
      beside(head + before),
      'whoever compares them beside that sees one and the same',
    )
    assert.notEqual(beside(whole), beside(`# edited\n${head}${before}`))
  }
  const odd = policyText(Buffer.from(`# é\n${head}`, 'latin1')) // to write its text would change its bytes
  assert.throws(() => added(odd), { code: 'policy.layout' })
  assert.throws(() => added('{ kind: Principals, spec: { services: {} } }\n'), {
    code: 'policy.layout',
    message: /by hand: \{ serial: "4f9a00c1"/,
  })
})

test('files are told apart by a name that a revocation gives to what stands elsewhere', () => {
  const named = (role: string) =>
    beside(
      `kind: Principals\nspec:\n  revoked: [{ serial: "1", reason: ${role} }]\n  people: { kim: { roles: [*r] } }\n`,
    )
  assert.notEqual(named('&r reader'), named('&r admin'))
  assert.equal(named('reader'), named('admin'))
})

test('writes where the list is, not into the first document of Principals', () => {
  const files = [
    file(`kind: Principals\nspec:\n${SERVICES}`, 'a.yaml'),
    file('kind: Networks\nspec: {}\n---\nkind: Principals\nspec: { revoked: [{ serial: "1" }] }\n', 'b.yaml'),
  ]
  const after = addRevocations(files, [lost])
  assert.equal(after[0], files[0])
  assert.deepEqual([...revokedIn(after)], ['1', '4f9a00c1'])
  assert.match(after[1]?.text ?? '', /^kind: Networks\n[\s\S]*---\nkind: Principals\n/)
})

test('changes nothing for a serial that is revoked already, however it is written', () => {
  const files = [file('kind: Principals\nspec: { revoked: [{ serial: "4F:9A:00:C1" }] }\n')]
  assert.equal(addRevocations(files, [lost]), files)
  assert.notEqual(addRevocations(files, [{ ...lost, serial: '4f9a00c2' }]), files)
})

test('keeps a serial that looks like a number a text', () => {
  for (const serial of ['1234', '12e4', '0']) {
    const files = addRevocations([file(`kind: Principals\nspec:\n${SERVICES}`)], [{ ...lost, serial }])
    assert.deepEqual([...revokedIn(files)], [serial])
  }
})

test('says so when no file could hold it, and reads past files with errors', () => {
  const broken = file('kind: Principals\nspec: { revoked: [\n', 'broken.yaml')
  assert.throws(() => addRevocations([broken, file('kind: Networks\n')], [lost]), {
    code: 'policy.no_principals',
  })
  const after = addRevocations([broken, file(`kind: Principals\nspec:\n${SERVICES}`)], [lost])
  assert.deepEqual([...revokedIn(after)], ['4f9a00c1'])
  assert.equal(after[0], broken)
})

test('finds a place in files of any layout for what must not be lost, and never writes over a file', () => {
  const files = [
    file('{ kind: Principals, spec: { services: {} } }\n'),
    file('kind: Networks\n', 'revoked.yaml'),
  ]
  const more = [lost, { serial: '12e4' }]
  const after = withRevocations(files, more)
  assert.deepEqual(after.slice(0, 2), files)
  assert.equal(
    after[2]?.text,
    `kind: Principals
spec:
  revoked:
    - { serial: "4f9a00c1", since: 2026-11-02, reason: laptop lost }
    - { serial: "12e4" }
`,
  )
  assert.equal(after[2]?.name, 'revoked-2.yaml')
  assert.equal(withRevocations(after, more), after)
  const easy = [file(`kind: Principals\nspec:\n${SERVICES}`)]
  assert.deepEqual(withRevocations(easy, more), addRevocations(easy, more))
})
