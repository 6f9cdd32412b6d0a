import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBody, renderTemplate, type Template } from '../../app/model/template.ts'

const INVOICE: Template = {
  name: 'invoice',
  language: 'en',
  body: "Hello {{ name }}, {{ amount }} EUR by {{ due | date: '%d %b' }}{% if last %}!{% endif %}",
  parameters: { name: 'string', amount: 'number', due: 'date', last: 'boolean' },
}
const GIVEN = { name: 'Ana', amount: 12.5, due: '2026-12-03', last: true }

function textOf(change: Partial<Template>, parameters: object = GIVEN): unknown {
  const rendering = renderTemplate({ ...INVOICE, ...change }, { ...parameters })
  return rendering.kind === 'rendered' ? rendering.text : rendering
}

test('says what it is given, each in its type', () => {
  assert.equal(textOf({}), 'Hello Ana, 12.5 EUR by 03 Dec!')
  assert.equal(textOf({}, { ...GIVEN, last: false }), 'Hello Ana, 12.5 EUR by 03 Dec')
})

test('writes names of months in its language, and an instant in the time zone it came with', () => {
  const body = "{{ name }}{{ amount }}{{ last }} {{ due | date: '%d %b %H:%M' }}"
  const due = '2026-11-26T23:30:00+01:00'
  assert.match(String(textOf({ body, language: 'fr' }, { ...GIVEN, due })), /26 nov\. 23:30$/)
  assert.match(String(textOf({ body }, { ...GIVEN, due })), /26 Nov 23:30$/)
})

test('never reads as a template what a parameter says', () => {
  const name = '{{ amount }}{% include "/etc/passwd" %}'
  assert.equal(textOf({ body: '{{ name }}' }, { ...GIVEN, name }), name)
})

const FAULTS = [
  { given: { ...GIVEN, name: undefined }, wrong: ['name must be a text of at most 1024 characters'] },
  { given: { name: 'Ana', amount: 1, last: true }, wrong: ['due is missing'] },
  {
    given: { ...GIVEN, nam: 'x' },
    wrong: ['nam is no parameter of this template; it has name, amount, due, last'],
  },
  { given: { ...GIVEN, name: 'x'.repeat(1025) }, wrong: ['name must be a text of at most 1024 characters'] },
  { given: { ...GIVEN, name: '\ud800' }, wrong: ['name must be a text of at most 1024 characters'] },
  {
    given: { ...GIVEN, amount: '12.5', last: 1 },
    wrong: ['amount must be a number', 'last must be true or false'],
  },
  { given: { ...GIVEN, amount: Number.NaN }, wrong: ['amount must be a number'] },
  {
    given: { ...GIVEN, due: '2026-02-30' },
    wrong: ['due must be a day such as 2027-03-31, or an instant such as 2027-03-31T18:00:00Z'],
  },
  {
    given: JSON.parse('{"__proto__": {}, "name": "a", "amount": 1, "due": "2026-12-03", "last": true}'),
    wrong: ['__proto__ is no parameter of this template; it has name, amount, due, last'],
  },
]

test('takes the parameters it declares in their types, and no other', () => {
  for (const { given, wrong } of FAULTS) {
    const rendering = renderTemplate(INVOICE, given)
    assert.equal(rendering.kind, 'faulty')
    const faults = rendering.kind === 'faulty' ? rendering.faults : []
    assert.deepEqual(
      faults.map(({ parameter, message }) => `${parameter} ${message}`),
      wrong,
    )
  }
})

test('refuses to say nothing, too much, or what takes for ever', () => {
  const ends = [
    ['{{ name }}{{ amount }}{{ due }}{{ last }}'.replaceAll(/\{.*\}/g, ' '), /would say nothing/],
    ['{% for i in (1..200) %}{{ name }}{% endfor %}', /would be 6000 characters long, at most 4096/],
    ['{% for i in (1..100000000) %}{{ i }}{% endfor %}', /memory alloc limit/],
    ["{{ due | date: '%1000000000d' }}", /memory alloc limit/],
  ] as const
  for (const [body, reason] of ends) {
    const rendering = renderTemplate({ ...INVOICE, body }, { ...GIVEN, name: 'x'.repeat(30) })
    assert.equal(rendering.kind, 'failed', body)
    assert.match(rendering.kind === 'failed' ? rendering.reason : '', reason)
  }
})

test('reads own members alone, and no other file', () => {
  const inherited = renderTemplate({ ...INVOICE, body: '{{ name.constructor }}' }, GIVEN)
  assert.deepEqual(inherited.kind, 'failed')
  for (const tag of ['include', 'render', 'layout', 'block', 'liquid', 'tablerow', 'increment']) {
    const reading = readBody(`{% ${tag} "package.json" %}`)
    assert.equal(reading.kind, 'unreadable', tag)
  }
  const plain = readBody(
    '{% assign whole = name | append: "!" %}{% for i in (1..2) %}{{ whole }}{{ i }}{% endfor %}',
  )
  assert.deepEqual(plain, { kind: 'read', variables: ['name'] })
})
