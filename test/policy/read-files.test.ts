import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PolicyFile } from '../../app/model/policy-file.ts'
import { loadPolicy, type PolicyFacts } from '../../app/policy/load.ts'
import { type Reading, rememberingReader } from '../../app/policy/shape/read-files.ts'
import { filesOf, readCases } from './case.ts'
import { BASE } from './world.ts'

const RUNS = process.env.TEST_LONG === undefined ? 25 : 1_000
const FACTS: PolicyFacts = { secretState: () => 'ok', lintAt: new Date('2026-11-26T12:00:00Z') }
const START: readonly PolicyFile[] = [{ name: 'base.yaml', text: BASE }]

/** Texts that somebody has under these names while they edit: of every case, with every mistake, also half written. */
const texts = readCases().flatMap(policyCase => filesOf(policyCase).map(({ text }) => text))
const name = fc.constantFrom('a.yaml', 'base.yaml', 'c.yaml', 'sub/d.yaml')
const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(BASE, ...texts) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(BASE, ...texts), fc.nat(400))
      .map(([whole, length]) => whole.slice(0, length)),
  },
)
type Edit = (files: readonly PolicyFile[]) => readonly PolicyFile[]
const without = (files: readonly PolicyFile[], gone: string) => files.filter(file => file.name !== gone)
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(name, text).map(([edited, anew]): Edit => {
    return files => [...without(files, edited), { name: edited, text: anew }]
  }),
  name.map(
    (gone): Edit =>
      files =>
        without(files, gone),
  ),
  fc.tuple(name, name).map(([from, to]): Edit => {
    return files =>
      files.flatMap(file => (file.name === from ? [{ ...file, name: to }] : file.name === to ? [] : [file]))
  }),
  fc.constant<Edit>(files => files),
  fc.constant<Edit>(files => files.toReversed()),
)

test('says of a folder that is edited in any way what is said of one that was never seen before', () => {
  let loaded = 0
  let rejected = 0
  fc.assert(
    fc.property(fc.array(edit, { minLength: 2, maxLength: 8 }), edits => {
      const readAll = rememberingReader()
      let files = START
      for (const change of edits) {
        files = change(files)
        const remembered = loadPolicy(files, FACTS, readAll)
        assert.deepEqual(remembered, loadPolicy(files, FACTS))
        remembered.kind === 'loaded' ? loaded++ : rejected++
      }
    }),
    { numRuns: RUNS, seed: 5 },
  )
  assert.ok(loaded > RUNS / 2 && rejected > RUNS / 2, `${loaded} loaded, ${rejected} rejected`)
})

test('reads again what was edited, got another name or came back, and nothing else', () => {
  const read = rememberingReader()
  const files = (...named: readonly [name: string, text: string][]) =>
    named.map(([of, text]) => ({ name: of, text }))
  const seen = new Map<Reading, number>()
  const numbers = (...named: readonly [string, string][]) =>
    read(files(...named)).map(reading => {
      const number = seen.get(reading) ?? seen.size + 1
      seen.set(reading, number)
      return number
    })
  assert.deepEqual(numbers(['a', 'x: 1'], ['b', 'x: 2']), [1, 2])
  assert.deepEqual(numbers(['b', 'x: 2'], ['a', 'x: 1']), [2, 1])
  assert.deepEqual(numbers(['a', 'x: 1'], ['b', 'x: 3']), [1, 3])
  assert.deepEqual(numbers(['c', 'x: 1'], ['b', 'x: 3']), [4, 3], 'its name stands in what is told of it')
  assert.deepEqual(numbers(['a', 'x: 1'], ['b', 'x: 2']), [5, 6], 'only the last set is kept')
})
