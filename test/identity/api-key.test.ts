import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import { type ApiKeys, createApiKeys } from '../../app/identity/api-key.ts'
import { PosternError } from '../../app/lib/error.ts'
import { type Log, silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { PolicySnapshot, Principal } from '../../app/policy/snapshot.ts'
import { testPolicy } from '../http/running-policy.ts'

const REF = 'secret:key-reports'
const keyOf = (letter: string) => `pk_${letter.repeat(43)}`
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex')

let files: Map<string, string>
let reads: number
let lines: string[]
let at: number
let keys: ApiKeys

beforeEach(() => {
  files = new Map([[REF, `${hashOf(keyOf('a'))}\n`]])
  reads = 0
  lines = []
  at = Date.now()
  keys = createApiKeys({ readSecret, log: { ...silentLog, warn } satisfies Log, now: () => new Date(at) })
})

function readSecret(ref: string): Secret {
  reads += 1
  const text = files.get(ref)
  if (text === undefined) throw new PosternError('secret.missing', `${ref} is missing`)
  return new Secret(text)
}

function warn(event: string): void {
  lines.push(event)
}

const find = (key: string, snapshot = testPolicy()) => keys.find(key, snapshot)?.principal.name

test('finds whose key it is, by a file read once for many requests', () => {
  assert.equal(find(keyOf('a')), 'reports')
  assert.equal(find(keyOf('b')), undefined)
  assert.equal(find(keyOf('a')), 'reports')
  assert.equal(reads, 1)
})

test('takes a replaced file seconds later, and the old key no longer', () => {
  assert.equal(find(keyOf('a')), 'reports')
  files.set(REF, hashOf(keyOf('b')).toUpperCase())
  at += 6_000
  assert.equal(find(keyOf('b')), 'reports')
  assert.equal(find(keyOf('a')), undefined)
})

test('reads nothing for what has not the shape of a key', () => {
  for (const text of ['', 'pk_', 'pk_short', `sk_${'a'.repeat(43)}`, `${keyOf('a')} `, keyOf('ä')]) {
    assert.equal(find(text), undefined)
  }
  assert.equal(reads, 0)
})

test('lets nobody in, and says so in the log, when the file is missing or is no hash', () => {
  files.delete(REF)
  assert.equal(find(keyOf('a')), undefined)
  files.set(REF, keyOf('a'))
  at += 6_000
  assert.equal(find(keyOf('a')), undefined)
  assert.deepEqual(lines, ['auth.key_hash_unusable', 'auth.key_hash_unusable'])
})

test('compares the hashes of all services', () => {
  const snapshot = withAnother('secret:key-other', 'other')
  files.set('secret:key-other', hashOf(keyOf('o')))
  assert.equal(find(keyOf('o'), snapshot), 'other')
  assert.equal(find(keyOf('a'), snapshot), 'reports')
})

function withAnother(ref: string, name: string): PolicySnapshot {
  const snapshot = testPolicy()
  const other: Principal = { name, kind: 'service', roles: [], networks: [], apiKeyHashRef: ref }
  return { ...snapshot, principals: new Map([...snapshot.principals, [name, other]]) }
}
