import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare, faultsOf, isComplete } from './compare.ts'
import type { Entry } from './ledger.ts'

const entry = (key: string, change: Partial<Entry> = {}): Entry => ({
  key,
  id: `id of ${key}`,
  chat: 'alice',
  ...change,
})
const ONE = entry('one')
const TWO = entry('two')
const BOBS = entry('three', { chat: 'bob' })
const promised = { name: 'promised', entries: [ONE, TWO, BOBS] }
const check = (entries: readonly Entry[]) => compare(promised, { name: 'seen', entries })
const faults = (entries: readonly Entry[], repeatsAllowed = true) =>
  faultsOf(check(entries), { repeatsAllowed })

test('finds nothing wrong with what came as promised, chats among each other in any order', () => {
  assert.deepEqual(faults([BOBS, ONE, TWO], false), [])
  assert.equal(check([BOBS, ONE, TWO]).count, 3)
})

test('finds a loss', () => {
  assert.deepEqual(
    check([ONE, BOBS]).lost.map(({ key }) => key),
    ['two'],
  )
  assert.match(faults([ONE, BOBS]).join(), /promised → seen: 1 of 3 lost: two \(id of two\)/)
})

test('finds what nobody promised', () => {
  assert.match(faults([ONE, TWO, BOBS, entry('four')]).join(), /1 nobody promised: four/)
})

test('counts a repeat under the same id, and faults it only where none may be', () => {
  const seen = [ONE, TWO, ONE, ONE, BOBS]
  assert.equal(check(seen).repeats, 2)
  assert.deepEqual(faults(seen), [])
  assert.match(faults(seen, false).join(), /2 repeats where none may be/)
})

test('finds a repeat under another id, and a first time under another id', () => {
  const otherwise = entry('one', { id: 'another id' })
  assert.match(faults([ONE, otherwise, TWO, BOBS]).join(), /1 under another id: one \(another id\)/)
  assert.match(faults([otherwise, TWO, BOBS]).join(), /1 under another id/)
})

test('finds a swap within a chat, and takes no repeat for one', () => {
  assert.match(faults([TWO, ONE, BOBS]).join(), /1 out of order: one/)
  assert.deepEqual(faults([ONE, TWO, ONE, BOBS]), [])
})

test('knows no order where there is no chat', () => {
  const [first, second] = [entry('a'), entry('b')].map(({ key, id }): Entry => ({ key, id }))
  assert.ok(first !== undefined && second !== undefined)
  const found = compare(
    { name: 'promised', entries: [first, second] },
    { name: 'seen', entries: [second, first] },
  )
  assert.deepEqual(faultsOf(found, { repeatsAllowed: false }), [])
})

test('will not compare with a ledger that promises a thing twice', () => {
  assert.throws(
    () => compare({ name: 'promised', entries: [ONE, ONE] }, { name: 'seen', entries: [] }),
    /twice/,
  )
})

test('says when everything promised has been seen', () => {
  assert.equal(isComplete(promised, { name: 'seen', entries: [BOBS, TWO] }), false)
  assert.equal(isComplete(promised, { name: 'seen', entries: [BOBS, TWO, ONE] }), true)
})
