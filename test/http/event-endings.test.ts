import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import { after, afterEach, before, describe, type TestContext, test } from 'node:test'
import type { Request } from 'express'
import { KNOWN_FOR_MS, LOOK_MS } from '../../app/http/events/judge.ts'
import { DEFAULT_STREAMS } from '../../app/http/events/streams.ts'
import { PART_WITHIN_MS, type Watch, watchStream } from '../../app/http/events/watch.ts'
import { calls, type Call as PosternCall } from '../../app/http/hop/call.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { type Answer, type Call, headerOf, type RunningHttp, startHttp } from './running-http.ts'
import { testPolicy } from './running-policy.ts'
import {
  append,
  eventOf,
  events,
  type Item,
  idsOf,
  opened,
  reasonOf,
  STREAM_KINDS,
} from './stream-clients.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
/** For what would go on for ever otherwise. */
const HANGS = { timeout: 120_000 }

const [KEY, NEXT_KEY] = [`pk_${'k'.repeat(43)}`, `pk_${'n'.repeat(43)}`]
const hashFile = (key: string) => hash('sha256', key, 'hex')
const withKey = (key: string) => ({ site: 'keys', headers: { authorization: `Bearer ${key}` } }) as const

let http: RunningHttp
before(async () => (http = await startHttp({ secrets: { 'secret:key-reports': hashFile(KEY) } })))
after(() => http.stop())
afterEach(putBack)

/** The policy as it was, and no event left behind. */
async function putBack(): Promise<void> {
  http.setPolicy(testPolicy())
  const before = new Date(Date.now() + 1)
  await http.store.retention.sweep({ what: 'events', before, from: [0, 0], at: new Date() })
}

type Reads = Omit<Call, 'path'>

/** Readers and what ends the credential of each. */
async function credentials(): Promise<readonly (readonly [Reads, Partial<PolicySnapshot>])[]> {
  const { serial } = (await http.ask({ path: '/v1/whoami', as: 'narrow' })).json.credential
  const principals = new Map([...testPolicy().principals].filter(([name]) => name !== 'reports'))
  return [
    [{ as: 'narrow' }, { revokedSerials: new Set([String(serial)]) }],
    [withKey(KEY), { principals }],
  ]
}

for (const [kind, read] of Object.entries(STREAM_KINDS)) {
  test(`${kind}: of a page that was read nothing leaves after the credential has ended`, async t => {
    const all = await append(http, 'main', 20)
    const list = http.store.events.list.bind(http.store.events)
    let change: Partial<PolicySnapshot> = {}
    t.mock.method(http.store.events, 'list', async (asked: Parameters<typeof list>[0]) => {
      const page = await list(asked)
      http.setPolicy(change)
      return page
    })
    for (const [who, end] of await credentials()) {
      change = { revokedSerials: new Set(['0f']) }
      const other = await read(http, { path: '/v1/events', ...who })
      await other.until(events(all.length))
      assert.deepEqual(idsOf(other.items), all)
      other.leave()
      change = end
      const reader = await read(http, { path: '/v1/events', ...who })
      await reader.ended
      assert.deepEqual([idsOf(reader.items), reasonOf(reader)], [[], 'revoked'])
      http.setPolicy(testPolicy())
    }
  })
}

test('a reader that takes nothing is cut off when its credential ends, and no other', HANGS, async t => {
  const secrets = { 'secret:key-reports': hashFile(KEY) }
  let skewMs = 0
  const now = () => new Date(Date.now() + skewMs)
  const setKey = (key: string) => {
    secrets['secret:key-reports'] = hashFile(key)
    skewMs += 2_000 // by then the file is read again: who tries before is refused, and blocked
  }
  const streams = { ...DEFAULT_STREAMS, stallMs: DAY_MS, perPrincipal: 1 }
  const http = await startHttp({ secrets, streams, now })
  t.after(() => http.stop())
  const data = { body: 'x'.repeat(400_000) }
  const all = Array.from({ length: 40 }, () => eventOf('main', { data })) // less than a page
  await http.store.events.append({ events: all })
  const { cert } = await http.clients.issue({ uris: ['spiffe://postern/client/narrow'] })
  const renewed = { headers: { 'client-cert': headerOf(cert) } }
  const { serial } = (await http.ask({ path: '/v1/whoami', as: 'narrow' })).json.credential

  for (const [kind, read] of Object.entries(STREAM_KINDS)) {
    await t.test(kind, HANGS, async () => {
      const open = (who: Reads, of = '') => opened(() => read(http, { path: `/v1/events${of}`, ...who }))
      const [narrow, reports, billing] = [{ as: 'narrow' }, withKey(KEY), { as: 'billing' }]
      const [cut, cutToo, kept] = await Promise.all([open(narrow), open(reports), open(billing)])
      for (const reader of [cut, cutToo, kept]) reader.pause()
      http.setPolicy({ revokedSerials: new Set([String(serial)]) })
      setKey(NEXT_KEY)
      for (const who of [renewed, withKey(NEXT_KEY)]) {
        const next = await open(who, '?types=call.*') // in the place of one that was cut off
        next.leave()
        await next.ended
      }
      for (const reader of [cut, cutToo, kept]) reader.resume()
      await Promise.all([cut.ended, cutToo.ended, kept.until(events(all.length))])
      for (const { items } of [cut, cutToo]) assert.ok(idsOf(items).length < all.length)
      const ids = all.map(({ id }) => id)
      assert.deepEqual(idsOf(kept.items), ids)
      kept.leave()
      http.setPolicy(testPolicy())
      setKey(KEY)
    })
  }
})

describe('a stream that asks nothing', () => {
  /** From the end of the credential on, as SECURITY.md promises. */
  const PROMISED_MS = 2_000

  /** A request of this client as the application knew it. */
  async function callOf(client: string): Promise<PosternCall> {
    const { promise, resolve } = Promise.withResolvers<PosternCall>()
    const begun = (message: unknown) => {
      const { request, response } = message as { request: Request; response: ServerResponse }
      response.once('finish', () => resolve(calls.get(request)))
    }
    subscribe('http.server.request.start', begun)
    await http.ask({ path: '/v1/whoami', as: client })
    unsubscribe('http.server.request.start', begun)
    return promise
  }

  /** Watches it on a clock that stands still; the credential is good until it `expired`. */
  function watched(call: PosternCall, gone = new AbortController()) {
    const state = { policy: call.policy, expired: false }
    const listeners = new Set<() => void>()
    const onPolicyChange = (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
    const identify: PosternCall['identify'] = snapshot =>
      state.expired
        ? { kind: 'refused', reason: 'certificate_expired', detail: 'The certificate has expired.' }
        : call.identify(snapshot)
    const now = () => new Date()
    const asking = { ...call, at: now(), identify, gone: gone.signal }
    const watch = watchStream(asking, { policy: () => state.policy, onPolicyChange, now })
    const change = (change: Partial<PolicySnapshot>) => {
      state.policy = { revision: 'r8', snapshot: { ...call.policy.snapshot, ...change } }
      for (const listener of listeners) listener()
    }
    return { watch, state, change, listeners, leave: () => gone.abort() }
  }
  const stateOf = ({ ended, cut }: Watch) => [ended.aborted, cut.aborted]

  test('is cut off in time, whenever its credential expires', async t => {
    const call = await callOf('narrow')
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'], now: Date.now() })
    const pass = (ms: number) => {
      for (let n = 0; n < ms; n++) t.mock.timers.tick(1)
    }
    for (const askedAt of [0, 1, LOOK_MS - KNOWN_FOR_MS, LOOK_MS - KNOWN_FOR_MS + 1, LOOK_MS - 1]) {
      const { watch, state, leave } = watched(call)
      pass(LOOK_MS + askedAt)
      assert.equal(watch.judge().kind, 'reads') // for the last event that leaves
      state.expired = true
      const times = { ended: Number.NaN, cut: Number.NaN }
      watch.ended.addEventListener('abort', () => (times.ended = Date.now()))
      watch.cut.addEventListener('abort', () => (times.cut = Date.now()))
      pass(PROMISED_MS)
      assert.equal(times.cut - times.ended, PART_WITHIN_MS, `asked ${askedAt} ms after a look`)
      state.expired = false
      assert.equal(watch.judge().kind, 'ended')
      leave()
    }
  })

  test('is told at once of a policy that ends it, and of no other', async t => {
    const call = await callOf('narrow')
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'], now: Date.now() })
    const { watch, change, listeners, leave } = watched(call)
    change({ revokedSerials: new Set(['0f']) })
    t.mock.timers.tick(60 * 60 * LOOK_MS)
    assert.deepEqual(stateOf(watch), [false, false])
    change({ rules: [] })
    assert.deepEqual(stateOf(watch), [true, false])
    t.mock.timers.tick(PART_WITHIN_MS)
    assert.deepEqual(stateOf(watch), [true, true])
    leave()
    assert.equal(listeners.size, 0)
  })

  test('leaves nothing behind, also when its reader had gone before', async t => {
    const call = await callOf('narrow')
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'], now: Date.now() })
    const there = watched(call)
    assert.equal(there.listeners.size, 1)
    const left = new AbortController()
    left.abort()
    const { listeners, state, watch } = watched(call, left)
    assert.equal(listeners.size, 0)
    state.expired = true
    t.mock.timers.tick(10 * LOOK_MS)
    assert.deepEqual(stateOf(watch), [false, false], 'nobody looks')
    there.leave()
  })
})

describe('a request that waits for events', () => {
  const WAITING = '/v1/events?wait=30'

  /** Asks, and resolves once the application has looked for events and found none. */
  async function waiting(t: TestContext, who: Reads, of = http): Promise<{ answer: Promise<Answer> }> {
    const looked = Promise.withResolvers<void>()
    const list = of.store.events.list.bind(of.store.events)
    const { mock } = t.mock.method(of.store.events, 'list', async (asked: Parameters<typeof list>[0]) => {
      const page = await list(asked)
      looked.resolve()
      return page
    })
    const answer = of.ask({ path: WAITING, ...who })
    await looked.promise
    mock.restore()
    return { answer }
  }
  const answered = ({ status, headers, json: { code, detail } }: Answer) => [
    ...[status, code, detail, headers['www-authenticate'], headers['content-type']],
  ]

  test('is answered as the next one is when its caller may not have them any more', async t => {
    const { sites } = testPolicy().edge
    const { api, ...others } = sites
    const withSites = (sites: PolicySnapshot['edge']['sites']) => ({ edge: { ...testPolicy().edge, sites } })
    const elsewhere = { ...sites, api: { ...(api ?? assert.fail()), networks: ['lab'] } }
    const endings: (readonly [number, Reads, Partial<PolicySnapshot>])[] = [
      ...(await credentials()).map(([who, end]) => [401, who, end] as const),
      [403, { as: 'narrow' }, { rules: [] }],
      [403, { as: 'narrow' }, withSites(elsewhere)],
      [404, { as: 'narrow' }, withSites(others)],
    ]
    for (const [status, who, end] of endings) {
      const { answer } = await waiting(t, who)
      http.setPolicy(end)
      const [id] = await append(http, 'main', 1)
      const [got, next] = [await answer, await http.ask({ path: WAITING, ...who })]
      assert.deepEqual(answered(got), answered(next), `${status} for want of ${id}`)
      assert.equal(got.status, status)
      assert.equal(got.json.decision === undefined, next.json.decision === undefined)
      await putBack()
    }
  })

  test('is answered so although nothing happens, long before its time', async t => {
    for (const [who, end] of await credentials()) {
      const { answer } = await waiting(t, who)
      const begunAt = Date.now()
      http.setPolicy(end)
      assert.equal((await answer).status, 401)
      assert.ok(Date.now() - begunAt < 20_000)
      http.setPolicy(testPolicy())
    }
  })

  test('is answered at once, with nothing, when the server stops', async t => {
    const other = await startHttp()
    const { answer } = await waiting(t, { as: 'billing' }, other)
    const begunAt = Date.now()
    await other.stop()
    assert.deepEqual((await answer).json, { data: [], next: null, oldest: [] })
    assert.ok(Date.now() - begunAt < 2_000)
  })

  test('goes on otherwise, and is given what the policy of that moment lets it have', async t => {
    const billing = {
      ...(testPolicy().rules.find(({ id }) => id === 'billing-does-everything') ?? assert.fail()),
    }
    for (const who of [{ as: 'billing' }, withKey(KEY)]) {
      const { answer } = await waiting(t, who)
      http.setPolicy({ revokedSerials: new Set(['0f']), rules: [{ ...billing, accounts: ['spare'] }] })
      await append(http, 'main', 1)
      const ids = await append(http, 'spare', 1)
      const { status, json } = await answer
      assert.deepEqual([status, idsOf(json.data as unknown as Item[])], [200, ids])
      await putBack()
    }
  })
})
