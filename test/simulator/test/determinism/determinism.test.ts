import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { StanzaLog } from '../../network/stanza-log.ts'
import { type Stanza, stanza } from '../../wire/stanza.ts'

const RUN = fileURLToPath(new URL('./run.ts', import.meta.url))
const ROUNDS = process.env.TEST_LONG ? 15 : 3
const TIMEOUT_MS = process.env.TEST_LONG ? 300_000 : 60_000
const ENOUGH = 200

type Run = {
  readonly stanza_log: { readonly count: number; readonly hash: string }
  readonly lines: readonly string[]
}

test('the same seed is the same conversation in another process, faults and all; another seed is another', async () => {
  const first = await run(11)
  const second = await run(11)
  const other = await run(12)
  assert.ok(first.stanza_log.count > ENOUGH)
  assert.deepEqual(differences(first.lines, second.lines), [])
  assert.deepEqual(second.stanza_log, first.stanza_log)
  assert.notEqual(other.stanza_log.hash, first.stanza_log.hash)
})

const SAID: readonly Stanza[] = [
  stanza('message', { id: 'theirs', to: 'b', t: '1' }, [stanza('enc', { type: 'msg' }, Buffer.alloc(80))]),
  stanza('receipt', { id: 'ours', t: '2' }),
]

const EQUAL: readonly { name: string; said: readonly Stanza[] }[] = [
  { name: 'times', said: [{ ...at(0), attrs: { ...at(0).attrs, t: '9' } }, at(1)] },
  { name: "a client's ids", said: [{ ...at(0), attrs: { ...at(0).attrs, id: 'other' } }, at(1)] },
  {
    name: 'how much a client pads',
    said: [{ ...at(0), content: [stanza('enc', { type: 'msg' }, Buffer.alloc(90))] }, at(1)],
  },
  { name: 'which of two kinds of stanza came first', said: [at(1), at(0)] },
]
const DIFFERENT: readonly { name: string; said: readonly Stanza[] }[] = [
  { name: 'an attribute', said: [{ ...at(0), attrs: { ...at(0).attrs, to: 'c' } }, at(1)] },
  {
    name: 'a type inside',
    said: [{ ...at(0), content: [stanza('enc', { type: 'pkmsg' }, Buffer.alloc(80))] }, at(1)],
  },
  { name: 'a stanza left out', said: [at(0)] },
  { name: 'a stanza said twice', said: [at(0), at(1), at(1)] },
]

for (const { name, said } of EQUAL) {
  test(`the log does not care about ${name}`, () => assert.equal(hashOf('in', said), hashOf('in', SAID)))
}
for (const { name, said } of DIFFERENT) {
  test(`the log notices ${name}`, () => assert.notEqual(hashOf('in', said), hashOf('in', SAID)))
}

test('the log notices ids and sizes of what the simulator says, and on which side it was said', () => {
  const [message, receipt] = [at(0), at(1)]
  const renamed = { ...message, attrs: { ...message.attrs, id: 'other' } }
  const longer = { ...message, content: [stanza('enc', { type: 'msg' }, Buffer.alloc(90))] }
  for (const changed of [renamed, longer]) {
    assert.notEqual(hashOf('out', [changed, receipt]), hashOf('out', SAID))
  }
  assert.notEqual(hashOf('out', SAID), hashOf('in', SAID))
})

test('the log does not care how well a history compresses, only that it was told', () => {
  const told = (bytes: number) =>
    stanza('message', { id: 'ours', category: 'peer' }, [stanza('enc', { type: 'msg' }, Buffer.alloc(bytes))])
  assert.equal(hashOf('out', [told(80)]), hashOf('out', [told(90)]))
  assert.notEqual(hashOf('out', [told(80)]), hashOf('out', [told(80), told(80)]))
})

function at(index: number): Stanza {
  return SAID[index] ?? stanza('missing')
}

function hashOf(direction: 'in' | 'out', said: readonly Stanza[]): string {
  const log = new StanzaLog()
  for (const each of said) log.record(direction, '12025550100:1', each)
  return log.digest().hash
}

/** Where two runs part, by device, direction and tag. */
function differences(one: readonly string[], other: readonly string[]): readonly unknown[] {
  const [ones, others] = [one, other].map(lines =>
    Object.groupBy(lines, line => line.split(' ', 3).join(' ')),
  )
  return Object.keys({ ...ones, ...others }).flatMap(chain => {
    const [mine, theirs] = [ones?.[chain] ?? [], others?.[chain] ?? []]
    const at = [...mine, undefined].findIndex((line, index) => line !== theirs[index])
    return at < 0 || (mine[at] === undefined && theirs[at] === undefined) ? [] : [[mine[at], theirs[at]]]
  })
}

async function run(seed: number): Promise<Run> {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, String(seed), String(ROUNDS)], {
    timeout: TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Run
}
