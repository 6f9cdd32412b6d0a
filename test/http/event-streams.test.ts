import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { DEFAULT_STREAMS } from '../../app/http/events/streams.ts'
import { type RunningHttp, type RunOptions, startHttp } from './running-http.ts'
import { testPolicy } from './running-policy.ts'
import {
  append,
  codeOf,
  eventOf,
  events,
  idsOf,
  opened,
  readSentEvents,
  readWebSocket,
  reasonOf,
  STREAM_KINDS,
} from './stream-clients.ts'

const CLOSE_CODES: Readonly<Record<string, number>> = {
  stopping: 1001,
  reload: 1012,
  denied: 1008,
  revoked: 1008,
}

async function running(t: TestContext, options: RunOptions = {}): Promise<RunningHttp> {
  const http = await startHttp(options)
  t.after(() => http.stop())
  return http
}

/** In which turn of the loop each page of events is read. */
function turnsOfReads(t: TestContext, { store }: RunningHttp): readonly number[] {
  let turn = 0
  const next = () => {
    turn += 1
    ticking = setImmediate(next)
  }
  let ticking = setImmediate(next)
  t.after(() => clearImmediate(ticking))
  const turns: number[] = []
  const { list } = store.events
  t.mock.method(store.events, 'list', (query: Parameters<typeof list>[0]) => {
    turns.push(turn)
    return list(query)
  })
  return turns
}

/** Streams that say quickly that nothing happens. */
const LIVELY = { heartbeatMs: 50, stallMs: 60_000, perPrincipal: 10 }

test('a page: who asks for little in a long list leaves the loop to others as well', async t => {
  const http = await running(t)
  await append(http, 'main', 500)
  const wanted = eventOf('main', { type: 'account.linked' })
  await http.store.events.append({ events: [wanted] })
  const turns = turnsOfReads(t, http)
  const { json } = await http.ask({ path: '/v1/events?types=account.linked&limit=20', as: 'billing' })
  assert.deepEqual(
    json.data.map(({ id }: { id: string }) => id),
    [wanted.id],
  )
  assert.ok(turns.length >= 20, `${turns.length} pages`)
  assert.equal(new Set(turns).size, turns.length, `pages in the turns ${turns}`)
})

for (const [kind, read] of Object.entries(STREAM_KINDS)) {
  test(`${kind}: what is there comes first, then what happens, each with its number`, async t => {
    const http = await running(t)
    const before = await append(http, 'main', 120) // more than a page
    const reader = await read(http, { path: '/v1/events', as: 'billing' })
    await reader.until(events(120))
    const later = await append(http, 'main', 2)
    await reader.until(events(122))
    assert.equal(reader.items[0]?.type, 'stream.opened')
    assert.deepEqual(idsOf(reader.items), [...before, ...later])
    assert.deepEqual(
      reader.items.slice(1).map(({ sequence }) => sequence),
      Array.from({ length: 122 }, (_, n) => n + 1),
    )
    reader.leave()
  })

  test(`${kind}: who comes back with the last cursor gets neither too much nor too little`, async t => {
    const http = await running(t)
    const all = await append(http, 'main', 70)
    const got: string[] = []
    let after: string | undefined
    for (const enough of [1, 30, 39]) {
      const path = after === undefined ? '/v1/events' : `/v1/events?after=${after}`
      const reader = await read(http, { path, as: 'billing' })
      await reader.until(events(enough))
      got.push(...idsOf(reader.items).slice(0, enough))
      after = got.at(-1)
      reader.leave()
      await reader.ended
    }
    assert.deepEqual(got, all)
  })

  test(`${kind}: a reader gets the events of accounts that it may read, of the types it asked for`, async t => {
    const http = await running(t)
    const [mine] = await append(http, 'main', 1)
    await append(http, 'spare', 1)
    await append(http, undefined, 1)
    const [last] = await append(http, 'main', 1)
    const narrow = await read(http, { path: '/v1/events', as: 'narrow' })
    await narrow.until(events(2))
    assert.deepEqual(idsOf(narrow.items), [mine, last])
    const wide = await read(http, { path: '/v1/events', as: 'billing' })
    await wide.until(events(4))
    const picky = await read(http, { path: '/v1/events?types=account.*', as: 'billing' })
    const linked = eventOf('main', { type: 'account.linked' })
    await http.store.events.append({ events: [eventOf('main'), linked] })
    await picky.until(events(1))
    assert.deepEqual(idsOf(picky.items), [linked.id])
    for (const reader of [narrow, wide, picky]) reader.leave()
  })

  test(`${kind}: what a rule says of a chat holds for its events, and for those of no other chat`, async t => {
    const http = await running(t)
    const { rules } = testPolicy()
    const when = { recipients: { numbers: ['+41791234567'] } }
    const closed = { id: 'closed', effect: 'deny', principals: ['narrow'], actions: ['*'], when } as const
    http.setPolicy({ rules: [...rules, closed] })
    const of = (chat: string) => eventOf('main', { chat })
    const [theirs, others, ofNone] = [of('+41791234567'), of('+41791234568'), eventOf('main')]
    await http.store.events.append({ events: [theirs, others, ofNone] })
    const [narrow, wide] = [
      await read(http, { path: '/v1/events', as: 'narrow' }),
      await read(http, { path: '/v1/events', as: 'billing' }),
    ]
    await narrow.until(events(2))
    await wide.until(events(3))
    assert.deepEqual(idsOf(narrow.items), [others.id, ofNone.id])
    assert.deepEqual(idsOf(wide.items), [theirs.id, others.id, ofNone.id])
    for (const reader of [narrow, wide]) reader.leave()
  })

  test(`${kind}: who asks for little in a long list leaves the loop to others between two pages`, async t => {
    const http = await running(t)
    await append(http, 'main', 500)
    const turns = turnsOfReads(t, http)
    const wanted = eventOf('main', { type: 'account.linked' })
    await http.store.events.append({ events: [wanted] })
    const reader = await read(http, { path: '/v1/events?types=account.linked', as: 'billing' })
    await reader.until(events(1))
    assert.deepEqual(idsOf(reader.items), [wanted.id])
    assert.ok(turns.length >= 10, `${turns.length} pages`)
    assert.equal(new Set(turns).size, turns.length, `pages in the turns ${turns}`)
    reader.leave()
  })

  test(`${kind}: silence is broken by a heartbeat, which carries the cursor past what others may read`, async t => {
    const http = await running(t, { streams: LIVELY })
    const reader = await read(http, { path: '/v1/events', as: 'narrow' })
    const [foreign] = await append(http, 'spare', 1)
    await reader.until(() => reader.cursor() === foreign)
    assert.deepEqual(idsOf(reader.items), [])
    reader.leave()
  })

  test(`${kind}: a stream ends when its reader loses the right, the credential or the network`, async t => {
    const http = await running(t)
    const policy = testPolicy()
    const narrow = policy.principals.get('narrow') ?? assert.fail()
    const without = policy.rules.filter(({ id }) => id !== 'narrow-reads-main')
    const moved = new Map([...policy.principals, ['narrow', { ...narrow, networks: ['lab'] }] as const])
    const gone = new Map([...policy.principals].filter(([name]) => name !== 'narrow'))
    const changes = [
      ['denied', { rules: without }],
      ['denied', { principals: moved }],
      ['revoked', { principals: gone }],
    ] as const
    for (const [reason, change] of changes) {
      const reader = await read(http, { path: '/v1/events', as: 'narrow' })
      const other = await read(http, { path: '/v1/events', as: 'billing' })
      http.setPolicy(change)
      await reader.ended
      assert.equal(reasonOf(reader), reason)
      if (kind === 'WebSocket') assert.equal(codeOf(reader), CLOSE_CODES[reason])
      const [id] = await append(http, 'main', 1)
      await other.until(items => idsOf(items).at(-1) === id)
      other.leave()
      http.setPolicy(policy)
    }
  })

  test(`${kind}: a stream is asked for the site and the certificate anew as well`, async t => {
    const http = await running(t)
    const policy = testPolicy()
    const { api } = policy.edge.sites
    const elsewhere = { ...policy.edge.sites, api: { ...(api ?? assert.fail()), networks: ['lab'] } }
    const serial = (await http.ask({ path: '/v1/whoami', as: 'narrow' })).json.credential.serial
    const changes = [
      ['denied', { edge: { ...policy.edge, sites: elsewhere } }],
      ['revoked', { revokedSerials: new Set([String(serial)]) }],
    ] as const
    for (const [reason, change] of changes) {
      const reader = await read(http, { path: '/v1/events', as: 'narrow' })
      http.setPolicy(change)
      await reader.ended
      assert.equal(reasonOf(reader), reason)
      http.setPolicy(policy)
    }
  })

  test(`${kind}: a stream ends before the proxy is configured anew, and comes back`, async t => {
    const http = await running(t)
    const policy = testPolicy()
    const limits = { ...policy.edge.limits, maxBodyBytes: 1_000 }
    const reader = await read(http, { path: '/v1/events', as: 'billing' })
    http.setPolicy({ edge: { ...policy.edge, limits } })
    await reader.ended
    assert.equal(reasonOf(reader), 'reload')
    const again = await read(http, { path: '/v1/events', as: 'billing' })
    const [id] = await append(http, 'main', 1)
    await again.until(events(1))
    assert.deepEqual(idsOf(again.items), [id])
    again.leave()
  })

  test(`${kind}: a principal has so many streams and no more, until it closes one`, async t => {
    const http = await running(t, { streams: { ...DEFAULT_STREAMS, perPrincipal: 2 } })
    const open = () => read(http, { path: '/v1/events', as: 'billing' })
    const refused = async () => {
      const accept = { accept: 'text/event-stream' }
      return http.ask({ path: '/v1/events', as: 'billing', headers: accept })
    }
    const [first, second] = [await open(), await open()]
    const answer = await refused()
    assert.deepEqual([answer.status, answer.json.code], [429, 'limited'])
    assert.ok(Number(answer.headers['retry-after']) > 0)
    assert.equal(
      ((await readWebSocket(http, { path: '/v1/events', as: 'billing' })) as { status: number }).status,
      429,
    )
    const other = await read(http, { path: '/v1/events', as: 'narrow' })
    first.leave()
    await first.ended
    const third = await opened(open)
    for (const reader of [second, third, other]) reader.leave()
  })

  test(`${kind}: streams are told that the appliance stops, and end with it`, async () => {
    const http = await startHttp()
    const reader = await read(http, { path: '/v1/events', as: 'billing' })
    const begunAt = Date.now()
    await Promise.all([http.stop(), reader.ended])
    assert.equal(reasonOf(reader), 'stopping')
    if (kind === 'WebSocket') assert.equal(codeOf(reader), CLOSE_CODES.stopping)
    assert.ok(Date.now() - begunAt < 2_900, 'not cut off by the server')
  })

  test(`${kind}: a reader that takes nothing costs a page, and later gets everything once and in order`, async t => {
    const http = await running(t)
    const body = 'x'.repeat(20_000)
    const all: string[] = []
    for (let n = 0; n < 20; n++) {
      const fresh = Array.from({ length: 100 }, () => eventOf('main', { data: { body } }))
      await http.store.events.append({ events: fresh })
      all.push(...fresh.map(({ id }) => id))
    }
    const pages = t.mock.method(http.store.events, 'list')
    const reader = await read(http, { path: '/v1/events', as: 'billing' })
    reader.pause()
    const stood = await standsStill(() => pages.mock.callCount())
    assert.ok(stood < all.length / 50, `${stood} pages were read for nobody`)
    reader.resume()
    await reader.until(events(all.length))
    assert.deepEqual(idsOf(reader.items), all)
    reader.leave()
  })

  test(`${kind}: a reader that takes nothing for too long is cut off, one that is only slow is not`, async t => {
    const http = await running(t, { streams: { ...LIVELY, stallMs: 500 } })
    const data = { body: 'x'.repeat(50_000) }
    for (let n = 0; n < 10; n++) {
      await http.store.events.append({ events: Array.from({ length: 50 }, () => eventOf('main', { data })) })
    }
    const stuck = await read(http, { path: '/v1/events', as: 'billing' })
    stuck.pause()
    const pages = t.mock.method(http.store.events, 'list')
    await standsStill(() => pages.mock.callCount(), 1_500)
    stuck.resume()
    await stuck.ended
    assert.ok(idsOf(stuck.items).length < 500)
    const steady = await read(http, { path: `/v1/events?after=${stuck.cursor()}`, as: 'billing' })
    await steady.until(events(500 - idsOf(stuck.items).length))
    steady.leave()
  })
}

test('a cursor that retention has passed is answered 410, and the list says where it begins', async t => {
  const http = await running(t)
  const [first, second] = await append(http, 'main', 2)
  const sweep = () =>
    http.store.retention.sweep({
      what: 'events',
      before: new Date(Date.now() + 1),
      from: [0, 0],
      at: new Date(),
    })
  const stream = await readSentEvents(http, { path: `/v1/events?after=${second}`, as: 'billing' })
  await stream.until(items => items.length > 0)
  assert.equal((await sweep()).removed, 2)
  const [third] = await append(http, 'main', 1)
  await stream.until(events(1)) // it had everything that went
  assert.deepEqual(idsOf(stream.items), [third])
  stream.leave()
  const headers = { accept: 'text/event-stream' }
  for (const more of [{}, { headers }]) {
    const answer = await http.ask({ path: `/v1/events?after=${first}`, as: 'billing', ...more })
    assert.deepEqual([answer.status, answer.json.code], [410, 'gone'])
  }
  const fresh = await http.ask({ path: '/v1/events', as: 'narrow' })
  assert.deepEqual(fresh.json.oldest, [{ account: 'main', sequence: 3 }])
  const again = await readSentEvents(http, { path: '/v1/events', as: 'billing' })
  await again.until(events(1))
  assert.deepEqual(again.items[0]?.oldest, [{ account: 'main', sequence: 3 }])
  again.leave()
})

test('Last-Event-ID counts more than the address that it came back to', async t => {
  const http = await running(t)
  const [first, second, third] = await append(http, 'main', 3)
  const headers = { 'last-event-id': second ?? '' }
  const reader = await readSentEvents(http, { path: `/v1/events?after=${first}`, as: 'billing', headers })
  await reader.until(events(1))
  assert.deepEqual(idsOf(reader.items), [third])
  reader.leave()
})

/** The value once it has not changed for a while. */
async function standsStill(look: () => number, forMs = 700): Promise<number> {
  for (let seen = look(); ; ) {
    await new Promise(resolve => setTimeout(resolve, forMs))
    if (look() === seen) return seen
    seen = look()
  }
}
