import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAllDocuments } from 'yaml'
import { formatPolicy } from '../../app/policy/fmt/format-policy.ts'
import { KINDS } from '../../app/policy/shape/schemas.ts'
import { readCases } from './case.ts'

const RUNS = process.env.TEST_LONG === undefined ? 60 : 2_000

const word = fc.constantFrom('id', 'effect', 'rules', 'when', 'a', 'b-c', 'x-note', '"q: r"', "'s'")
const scalar = fc.constantFrom(
  ...['1', '+33', '"+33600000001"', '0x1f', '1.50', 'null', '~', 'true', 'deny', 'a b', '"# no"', "'it''s'"],
  ...['2027-03-31', '"a\\nb"', 'messages.*', '"*"', 'https://a.example/b#c', '-1', '.5'],
)
/** Stands for what the first member of a document then holds. */
const alias = '*anchored'
const leaf = fc.oneof({ weight: 40, arbitrary: scalar }, { weight: 1, arbitrary: fc.constant(alias) })
/** Written over several lines; what looks like a comment in it is none. */
const lines = fc
  .tuple(
    fc.constantFrom('|', '|-', '|+', '>', '>-'),
    fc.array(fc.constantFrom('more', '', '  in', '# no', 'k: v', '- x', '"'), { maxLength: 4 }),
  )
  .map(([header, rest]) => `${header}\n${['top', ...rest].join('\n')}\n`)
const comment = fc.constantFrom('', '', '', ' # why', '  #', '    # a: b')
const alone = fc.constantFrom(
  '',
  '',
  '',
  '\n',
  '\n\n',
  '# alone\n',
  '    # deep\n',
  '\n  # two\n',
  '# one\n\n# two\n',
)

const { flow } = fc.letrec<{ flow: string }>(tie => ({
  flow: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('flow'), { maxLength: 4 }).map(items => `[${items.join(',  ')}]`),
    fc
      .uniqueArray(fc.tuple(word, tie('flow')), { maxLength: 4, selector: ([key]) => key })
      .map(pairs => `{${pairs.map(([key, value]) => `${key}: ${value}`).join(', ')} }`),
  ),
}))

/** Lines of a block map or list, as somebody without a formatter would write them. */
const { block } = fc.letrec<{ block: string }>(tie => ({
  block: fc.oneof(
    { maxDepth: 4 },
    fc
      .uniqueArray(
        fc.tuple(
          alone,
          word,
          fc.oneof(
            { weight: 5, arbitrary: flow },
            { weight: 5, arbitrary: tie('block') },
            { weight: 1, arbitrary: lines },
          ),
          comment,
        ),
        {
          minLength: 1,
          maxLength: 4,
          selector: ([, key]) => key,
        },
      )
      .map(members =>
        members.map(([above, key, value, behind]) => `${above}${key}:${asValue(value, behind)}`).join(''),
      ),
    fc
      .array(fc.tuple(alone, flow, comment), { minLength: 1, maxLength: 3 })
      .map(items => items.map(([above, item, behind]) => `${above}- ${item}${behind}\n`).join('')),
    fc
      .array(
        fc.tuple(
          alone,
          fc.uniqueArray(fc.tuple(word, flow, comment), {
            minLength: 1,
            maxLength: 3,
            selector: ([key]) => key,
          }),
        ),
        { minLength: 1, maxLength: 3 },
      )
      .map(items =>
        items
          .map(
            ([above, members]) =>
              `${above}- ${members.map(([key, value, behind]) => `${key}: ${value}${behind}`).join('\n  ')}\n`,
          )
          .join(''),
      ),
  ),
}))

function asValue(value: string, behind: string): string {
  const [header = '', ...rest] = /^[|>]/.test(value) ? value.split('\n') : []
  if (header !== '') return ` ${header}${behind}\n${rest.join('\n').replace(/^(?=.)/gm, '   ')}`
  const isBlock = value.endsWith('\n')
  return isBlock ? `${behind}\n${value.replace(/^(?=.)/gm, '   ')}` : ` ${value}${behind}\n`
}

const document = fc
  .tuple(alone, fc.constantFrom(...KINDS), block, alone)
  .map(
    ([above, kind, body, below]) =>
      `${above}${anchorFor(body)}spec:\n${body.replace(/^(?=.)/gm, '  ')}kind: ${kind}\n${below}`,
  )

function anchorFor(body: string): string {
  return body.includes(alias) ? 'x-first: &anchored { a: [1, "two"], b: &inner c }\n' : ''
}

const text = fc.array(document, { minLength: 1, maxLength: 2 }).map(documents => documents.join('---\n'))

function valuesOf(source: string): unknown {
  return parseAllDocuments(source).map(yaml => yaml.toJS() as unknown)
}

function wordsOf(source: string): readonly string[] {
  return [...source.matchAll(/# (why|a: b|alone|deep|two|one)/g)].map(([found]) => found).sort()
}

test('formatting changes no value, loses no comment, and is at rest', () => {
  let total = 0
  fc.assert(
    fc.property(text, source => {
      const once = formatPolicy({ name: 'a.yaml', text: source })
      fc.pre(once.kind !== 'unreadable')
      total++
      if (once.kind !== 'formatted') assert.fail(once.reason)
      assert.deepEqual(valuesOf(once.text), valuesOf(source))
      assert.deepEqual(wordsOf(once.text), wordsOf(source))
      assert.deepEqual(formatPolicy({ name: 'a.yaml', text: once.text }), once)
    }),
    { numRuns: RUNS },
  )
  assert.ok(total > RUNS / 2, `only ${total} of ${RUNS} texts can be read`)
})

test('formats every case of test/cases/policy that can be read, without a change of what it says', () => {
  const files = readCases().flatMap(({ files }) => Object.values(files))
  const formatted = files.flatMap(source => {
    const outcome = formatPolicy({ name: 'a.yaml', text: source })
    if (outcome.kind === 'kept') assert.fail(`${outcome.reason}: ${source}`)
    return outcome.kind === 'formatted' ? [[outcome.text, source] as const] : []
  })
  for (const [after, before] of formatted) assert.deepEqual(valuesOf(after), valuesOf(before))
  assert.ok(formatted.length > 60)
})
