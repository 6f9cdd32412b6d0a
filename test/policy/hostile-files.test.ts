import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { policyText } from '../../app/model/policy-file.ts'
import { formatPolicy } from '../../app/policy/fmt/format-policy.ts'
import { loadPolicy } from '../../app/policy/load.ts'
import { ALL_SECRETS, BASE } from './world.ts'

/** Of the processor, so that a busy machine changes nothing. */
const MAX_CPU_MS = 2_000
const SIZE = 1_048_000
const RUNS = process.env.TEST_LONG === undefined ? 150 : 5_000

/** As many of the parts as fit a file of the largest size. */
function filled(part: (index: number) => string, head = ''): string {
  const parts = [head]
  for (let index = 0, size = head.length; size < SIZE; index++) {
    const next = part(index)
    parts.push(next)
    size += next.length
  }
  return parts.join('').slice(0, SIZE)
}

const SPEC = 'kind: Access\nspec:\n'
const HOSTILE: Readonly<Record<string, () => string>> = {
  'ten mebibytes': () => `a: ${'b'.repeat(10 * 1_048_576)}`,
  'a key for every eight bytes': () => filled(index => ` a${index}:\n`, SPEC),
  'a key for every eight bytes, in braces': () => filled(index => `a${index}, `, `kind: Access\nspec: {`),
  'thirty thousand unknown keys': () =>
    `${SPEC}${Array.from({ length: 30_000 }, (_, index) => ` a${index}: b\n`).join('')}`,
  'thirty thousand times the same key': () => `${SPEC}${' a: b\n'.repeat(30_000)}`,
  'one key and a tab, again and again': () => filled(() => 'a:\tb\n'),
  'brackets that are never closed': () => filled(() => '['),
  'brackets that are closed': () => `a: ${'['.repeat(SIZE / 2)}${']'.repeat(SIZE / 2)}`,
  'lists in lists on one line': () => filled(() => '- '),
  'explicit keys in explicit keys': () => filled(() => '? '),
  'brackets that close before they open': () => `a: ${']'.repeat(SIZE / 3)}${'['.repeat(SIZE / 3)}`,
  'explicit keys in brackets': () => filled(() => '? ', 'a: ['),
  'values of no key in brackets': () => filled(() => ': ', 'a: {'),
  'a map in a map in a map': () => filled(index => `${' '.repeat(index)}a:\n`),
  'many documents': () => filled(() => '---\n'),
  'many anchors': () => filled(index => ` - &a${index} x\n`, 'a:\n'),
  'many aliases': () => filled(() => ' - *x\n', 'a:\n - &x y\n'),
  'aliases of aliases': () =>
    `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]\n`).join('')}`,
  'bytes of nothing': () => '\0'.repeat(SIZE),
  'halves of letters': () => '\ud800'.repeat(SIZE / 4),
  'bytes that are no letters': () => policyText(Buffer.alloc(SIZE / 3, 0xe9)),
  'one wrong byte behind a megabyte': () => policyText(Buffer.from(`${filled(() => '# a\n')}é`, 'latin1')),
  'what begins like a token, for ever': () => filled(() => 'eyJ', `${SPEC} a: `),
  'what begins like a private key, for ever': () => filled(() => '-----BEGIN ', `${SPEC} a: `),
}

for (const [name, make] of Object.entries(HOSTILE)) {
  test(`refuses ${name} with a diagnostic, soon`, () => {
    const text = make()
    const before = process.cpuUsage()
    const outcome = loadPolicy([{ name: 'a.yaml', text }], ALL_SECRETS)
    const { user, system } = process.cpuUsage(before)
    assert.equal(outcome.kind, 'rejected')
    assert.ok((user + system) / 1_000 < MAX_CPU_MS, `${(user + system) / 1_000} ms of the processor`)
  })
}

test('loads a thousand rules, which the limits are far from', () => {
  const rules = Array.from(
    { length: 1_000 },
    (_, index) =>
      `    - { id: rule-${index}, effect: allow, principals: [billing], actions: [messages.send], accounts: [main], when: { messageTypes: [text, document], recipients: { prefixes: ["+33"] } } }\n`,
  )
  const files = [BASE, `kind: Access\nspec:\n  rules:\n${rules.join('')}`]
  const outcome = loadPolicy(
    files.map((text, index) => ({ name: `${index}.yaml`, text })),
    ALL_SECRETS,
  )
  assert.equal(outcome.kind, 'loaded')
})

test('loads a policy that a program wrote as JSON on one line', () => {
  const rules = Array.from({ length: 1_000 }, (_, index) => ({
    ...{ id: `rule-${index}`, effect: 'allow', principals: ['billing'], actions: ['messages.send'] },
    when: { messageTypes: ['text', 'document'], recipients: { prefixes: ['+33'] } },
  }))
  const text = JSON.stringify({ kind: 'Access', spec: { rules } })
  const files = [BASE, text].map((written, index) => ({ name: `${index}.yaml`, text: written }))
  assert.equal(loadPolicy(files, ALL_SECRETS).kind, 'loaded')
})

const SIGNS = [
  'kind: ',
  'Access',
  'spec:\n',
  '  ',
  '- ',
  '? ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a',
  '!t ',
  '|\n',
  '>\n',
  '\n',
]
const MORE = [
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '"',
  "'",
  '#',
  '<<: ',
  '\t',
  '\r\n',
  '\ufeff',
  '\0',
  'é🏔',
  '+33',
  'a',
  '\\',
  '`',
  '@',
]
const soup = fc.array(fc.constantFrom(...SIGNS, ...MORE), { maxLength: 60 }).map(parts => parts.join(''))
const bytes = fc.uint8Array({ maxLength: 300 }).map(policyText)

test('answers any text at all with diagnostics or a policy, and formats it or leaves it alone', () => {
  fc.assert(
    fc.property(fc.oneof(soup, bytes, fc.string({ unit: 'binary' })), text => {
      assert.ok(['loaded', 'rejected'].includes(loadPolicy([{ name: 'a.yaml', text }], ALL_SECRETS).kind))
      const once = formatPolicy({ name: 'a.yaml', text })
      if (once.kind !== 'formatted') return
      assert.deepEqual(formatPolicy({ name: 'a.yaml', text: once.text }), once)
    }),
    { numRuns: RUNS },
  )
})
