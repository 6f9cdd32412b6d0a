import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applicableLimits } from '../../app/policy/limit/key.ts'
import { createLimiter } from '../../app/policy/limiter.ts'
import type { Limit } from '../../app/policy/snapshot.ts'
import { snapshotOf } from './world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

function limit(members: Partial<Limit> = {}): Limit {
  return { name: 'l', key: ['account'], count: 6, periodMs: MINUTE, burst: 3, onExceed: 'reject', ...members }
}

const MAIN = { account: 'main' }

test('lets the burst through, then one for each part of the period', () => {
  const limiter = createLimiter()
  const at = (ms: number) => limiter.take([limit()], MAIN, ms).kind
  assert.deepEqual([at(0), at(0), at(0), at(0)], ['ok', 'ok', 'ok', 'rejected'])
  assert.equal(at(9_999), 'rejected')
  assert.equal(at(10_000), 'ok')
  assert.equal(at(10_000), 'rejected')
})

test('says after how long the next token will be there', () => {
  const limiter = createLimiter()
  for (let i = 0; i < 3; i++) limiter.take([limit()], MAIN, 0)
  const refused = limiter.take([limit()], MAIN, 4_000)
  assert.deepEqual(refused, { kind: 'rejected', limit: limit(), retryAfterMs: 6_000 })
  assert.equal(limiter.take([limit()], MAIN, 4_000 + 6_000).kind, 'ok')
})

test('keeps one bucket for each combination of the key', () => {
  const limiter = createLimiter()
  const one = [limit({ key: ['account', 'recipient'], burst: 1 })]
  assert.equal(limiter.take(one, { account: 'main', recipient: '+1' }, 0).kind, 'ok')
  assert.equal(limiter.take(one, { account: 'main', recipient: '+2' }, 0).kind, 'ok')
  assert.equal(limiter.take(one, { account: 'main', recipient: '+1' }, 0).kind, 'rejected')
  assert.equal(limiter.take(one, { account: 'second', recipient: '+1' }, 0).kind, 'ok')
})

test('holds only for the principals that it names', () => {
  const limiter = createLimiter()
  const only = [limit({ key: ['principal'], burst: 1, principals: ['limited'] })]
  assert.equal(limiter.take(only, { principal: 'limited' }, 0).kind, 'ok')
  assert.equal(limiter.take(only, { principal: 'limited' }, 0).kind, 'rejected')
  for (let i = 0; i < 5; i++) assert.equal(limiter.take(only, { principal: 'demo' }, 0).kind, 'ok')
})

test('makes messages wait one behind the other, and refuses whose wait would be too long', () => {
  const limiter = createLimiter()
  const queue = [limit({ burst: 1, onExceed: 'queue', maxWaitMs: 20_000 })]
  const waits = [0, 0, 0, 0].map(() => limiter.take(queue, MAIN, 0))
  assert.deepEqual(
    waits.map(outcome => (outcome.kind === 'wait' ? outcome.waitMs : outcome.kind)),
    ['ok', 10_000, 20_000, 'rejected'],
  )
  const later = limiter.take(queue, MAIN, 10_000)
  assert.equal(later.kind === 'wait' && later.waitMs, 20_000)
})

test('asks for a person instead of refusing, without taking a token', () => {
  const limiter = createLimiter()
  const hold = [limit({ burst: 1, onExceed: 'hold' })]
  assert.deepEqual(
    [0, 0, 9_999, 10_000].map(ms => limiter.take(hold, MAIN, ms).kind),
    ['ok', 'hold', 'hold', 'ok'],
  )
})

test('blocks for the whole time, also while tokens flow in', () => {
  const limiter = createLimiter()
  const block = [limit({ key: ['remoteIp'], burst: 2, onExceed: 'block', blockForMs: 15 * MINUTE })]
  const at = (ms: number) => limiter.take(block, { remoteIp: '192.0.2.1' }, ms)
  assert.deepEqual([at(0).kind, at(0).kind, at(0).kind], ['ok', 'ok', 'blocked'])
  const during = at(14 * MINUTE)
  assert.deepEqual(during.kind === 'blocked' && during.retryAfterMs, MINUTE)
  assert.equal(limiter.take(block, { remoteIp: '192.0.2.2' }, 0).kind, 'ok')
  assert.equal(at(15 * MINUTE).kind, 'ok')
})

test('counts a whole /64 of IPv6 as one address, and IPv4 in IPv6 clothes as IPv4', () => {
  const limiter = createLimiter()
  const one = [limit({ key: ['remoteIp'], burst: 1 })]
  const from = (remoteIp: string) => limiter.take(one, { remoteIp }, 0).kind
  assert.deepEqual(
    [from('2001:db8::1'), from('2001:db8::ffff:2'), from('2001:db8:0:1::1')],
    ['ok', 'rejected', 'ok'],
  )
  assert.deepEqual([from('192.0.2.1'), from('::ffff:192.0.2.1'), from('192.0.2.2')], ['ok', 'rejected', 'ok'])
})

test('takes of all limits or of none', () => {
  const limiter = createLimiter()
  const wide = limit({ name: 'wide', burst: 2 })
  const narrow = limit({ name: 'narrow', burst: 1, key: ['recipient'] })
  const first = { account: 'main', recipient: '+1' }
  assert.equal(limiter.take([wide, narrow], first, 0).kind, 'ok')
  for (let i = 0; i < 5; i++) assert.equal(limiter.take([wide, narrow], first, 0).kind, 'rejected')
  assert.equal(limiter.take([wide, narrow], { account: 'main', recipient: '+2' }, 0).kind, 'ok')
})

test('peeks without taking', () => {
  const limiter = createLimiter()
  const one = [limit({ burst: 1 })]
  for (let i = 0; i < 5; i++) assert.equal(limiter.peek(one, MAIN, 0).kind, 'ok')
  assert.equal(limiter.take(one, MAIN, 0).kind, 'ok')
  assert.equal(limiter.peek(one, MAIN, 0).kind, 'rejected')
})

test('lets nothing through because a clock went back', () => {
  const limiter = createLimiter()
  for (let i = 0; i < 3; i++) limiter.take([limit()], MAIN, MINUTE)
  assert.equal(limiter.take([limit()], MAIN, 0).kind, 'rejected')
})

test('follows a limit that was made tighter', () => {
  const limiter = createLimiter()
  limiter.take([limit({ burst: 100 })], MAIN, 0)
  assert.equal(limiter.take([limit({ burst: 1 })], MAIN, 0).kind, 'ok')
  assert.equal(limiter.take([limit({ burst: 1 })], MAIN, 0).kind, 'rejected')
})

test('forgets buckets that are full again, and never keeps more than 100,000', () => {
  const limiter = createLimiter()
  const one = [limit({ key: ['recipient'], burst: 1 })]
  for (let i = 0; i < 120_000; i++) limiter.take(one, { recipient: `+${i}` }, 0)
  assert.ok(limiter.buckets.size <= 100_000, String(limiter.buckets.size))
  for (let i = 0; i < 10_000; i++) limiter.take(one, { recipient: 'same' }, MINUTE)
  assert.ok(limiter.buckets.size <= 2, String(limiter.buckets.size))
})

test('never lets more through in any time than the burst and what flowed in', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 80 })
  const aLimit = fc.record({
    count: fc.integer({ min: 1, max: 50 }),
    burst: fc.integer({ min: 1, max: 20 }),
    onExceed: fc.constantFrom('reject', 'queue', 'hold', 'block'),
  })
  fc.assert(
    fc.property(aLimit, steps, (members, pauses) => {
      const limiter = createLimiter()
      const one = limit({ ...members, blockForMs: 5_000 })
      const leaving: number[] = []
      let now = 0
      for (const pause of pauses) {
        now += pause
        const outcome = limiter.take([one], MAIN, now)
        if (outcome.kind === 'ok') leaving.push(now)
        if (outcome.kind === 'wait') leaving.push(now + outcome.waitMs)
      }
      for (const [first, from] of leaving.entries()) {
        for (const [last, to] of leaving.entries()) {
          if (last < first) continue
          // A wait is told in whole milliseconds, rounded up: the first may leave up to one late, and the next in time.
          const flowed = ((to - from + 1) * one.count) / one.periodMs
          assert.ok(last - first + 1 <= one.burst + flowed + 1e-6, `${last - first + 1} in ${to - from} ms`)
        }
      }
    }),
    { examples: [[{ count: 3, burst: 1, onExceed: 'queue' }, [0, 5_012, 0]]] },
  )
})

test('sorts limits out by what they count', () => {
  const policy = snapshotOf(`kind: RateLimits
spec:
  limits:
    per-principal: { key: [principal], rate: 50/1s, onExceed: reject }
    per-principal-and-address: { key: [principal, remoteIp], rate: 50/1s, onExceed: reject }
    per-account: { key: [account], rate: 20/1m, burst: 5, onExceed: queue, maxWait: 10m }
    per-recipient: { key: [account, recipient], rate: 6/1h, onExceed: reject }
    failed-auth: { key: [remoteIp], rate: 10/5m, onExceed: block, blockFor: 15m }
    trial: { key: [principal, account], when: { principals: ["bil*"] }, rate: 3/1d, onExceed: hold }
`)
  const names = (scope: 'request' | 'send' | 'auth') =>
    applicableLimits(policy, scope).map(({ name }) => name)
  assert.deepEqual(names('request'), ['per-principal', 'per-principal-and-address'])
  assert.deepEqual(names('send'), ['per-account', 'per-recipient', 'trial'])
  assert.deepEqual(names('auth'), ['failed-auth'])
  assert.deepEqual(policy.limits.get('per-account'), {
    name: 'per-account',
    key: ['account'],
    count: 20,
    periodMs: MINUTE,
    burst: 5,
    onExceed: 'queue',
    maxWaitMs: 10 * MINUTE,
  })
  assert.deepEqual(policy.limits.get('trial')?.principals, ['billing'])
})

test('counts first contacts alone where it says so, and whoever is not known to be one as well', () => {
  const limiter = createLimiter()
  const strangers = [limit({ burst: 1, firstContact: true })]
  const to = (firstContact?: boolean) =>
    limiter.take(strangers, { ...MAIN, ...(firstContact === undefined ? {} : { firstContact }) }, 0).kind
  assert.deepEqual(
    [to(false), to(false), to(true), to(true), to(false)],
    ['ok', 'ok', 'ok', 'rejected', 'ok'],
  )
  assert.equal(to(), 'rejected')
})

test('says what is left of each limit that was asked', () => {
  const limiter = createLimiter()
  const wide = limit({ name: 'wide', burst: 10 })
  const outcome = limiter.take([wide, limit({ burst: 2 })], MAIN, 0)
  assert.equal(outcome.kind, 'ok')
  assert.deepEqual(
    outcome.left.map(({ limit: { name }, tokens, fullInMs }) => [name, tokens, fullInMs]),
    [
      ['wide', 9, 10_000],
      ['l', 1, 10_000],
    ],
  )
})

test('tells only the first of those whom a block shuts out that it began', () => {
  const limiter = createLimiter()
  const block = [limit({ burst: 1, onExceed: 'block', blockForMs: MINUTE })]
  const began = (ms: number) => {
    const outcome = limiter.take(block, MAIN, ms)
    return outcome.kind === 'blocked' && outcome.began
  }
  assert.deepEqual([began(0), began(1), began(2), began(MINUTE + 1)], [false, true, false, false])
  assert.equal(limiter.blockOf(block, { account: 'second' }, 2), undefined)
})

test('hands out no fresh burst when it goes on with what was written down', () => {
  const before = createLimiter()
  const all = [
    limit(),
    limit({ name: 'short', key: ['recipient'], burst: 1, onExceed: 'block', blockForMs: MINUTE }),
  ]
  const who = { ...MAIN, recipient: '+12025550101' }
  for (let i = 0; i < 2; i++) before.take(all, who, 0)
  const after = createLimiter()
  after.buckets.restore(before.buckets.changes(0), new Map(all.map(one => [one.name, one])))
  assert.equal(after.take(all, who, 1_000).kind, 'blocked')
  const wide = [limit()]
  assert.deepEqual(
    [0, 0, 0].map(() => after.take(wide, MAIN, 1_000).kind),
    ['ok', 'ok', 'rejected'],
  )
})

test('writes down no bucket that is full again within a second, and forgets limits that are gone', () => {
  const limiter = createLimiter()
  const quick = limit({ name: 'quick', count: 50, periodMs: SECOND, burst: 100 })
  limiter.take([quick], MAIN, 0)
  assert.deepEqual(limiter.buckets.changes(0), [])
  for (let i = 0; i < 60; i++) limiter.take([quick], MAIN, 0)
  const kept = limiter.buckets.changes(0)
  assert.equal(kept.length, 1)
  assert.deepEqual(limiter.buckets.changes(0), [])
  const after = createLimiter()
  after.buckets.restore(kept, new Map())
  assert.equal(after.buckets.size, 0)
})
