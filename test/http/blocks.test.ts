import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createPlaces, type PlaceTimes } from '../../app/http/limits/places.ts'
import { type Answer, type RunningHttp, startHttp } from './running-http.ts'

const MINUTE_MS = 60_000
const PLACES = { heldMs: 60_000, knownMs: 60_000, waitMs: 60_000 }
let http: RunningHttp
let at: number

beforeEach(async () => {
  at = Date.now()
  http = await startHttp({
    now: () => new Date(at),
    floods: { requests: 60, failures: 40, windowMs: 60_000 },
    secrets: { 'secret:key-reports': 'a'.repeat(64) },
    places: PLACES,
  })
})
afterEach(() => http.stop())

const onKeys = (from: string, headers = {}) => http.ask({ path: '/v1/whoami', site: 'keys', from, headers })
const attempt = (from: string) => onKeys(from, { authorization: `Bearer pk_${'j'.repeat(43)}` })
const honest = (from: string) => http.ask({ path: '/v1/whoami', as: 'billing', from })

test('blocks an address after too many failures, for good credentials too, until the time is over', async () => {
  for (let i = 0; i < 10; i++) assert.equal((await attempt('127.0.0.5')).status, 401)
  assert.equal((await honest('127.0.0.5')).status, 200)
  const blocked = await attempt('127.0.0.5')
  assert.equal(blocked.status, 429)
  assert.equal(blocked.json.code, 'blocked')
  assert.equal(blocked.headers['retry-after'], '900')
  assert.equal((await honest('127.0.0.5')).status, 429)
  assert.equal((await honest('127.0.0.6')).status, 200)
  at += 14 * MINUTE_MS
  assert.equal((await honest('127.0.0.5')).status, 429)
  at += 2 * MINUTE_MS
  assert.equal((await honest('127.0.0.5')).status, 200)
})

test('counts nobody who shows nothing, as a foreign page can have a browser ask on behalf of all who share its address', async () => {
  const nothing = ['api', 'keys', 'dashboard'].map(site => ({ path: '/v1/whoami', site, from: '127.0.0.5' }))
  for (let i = 0; i < 4; i++)
    for (const call of nothing) assert.equal((await http.ask(call)).status, 401, call.site)
  assert.equal((await onKeys('127.0.0.5', { authorization: 'Bearer' })).status, 401)
  assert.equal((await honest('127.0.0.5')).status, 200)
  assert.deepEqual(
    new Set((await entries()).map(({ detail }) => detail?.reason)),
    new Set(['no_certificate', 'no_api_key', 'no_log_in']),
  )
})

test('counts failures that cannot be written down, as on a full disk', async () => {
  await http.store.close()
  for (let i = 0; i < 11; i++) assert.equal((await attempt('127.0.0.5')).status, 503)
  assert.equal((await honest('127.0.0.5')).status, 429)
  assert.equal((await attempt('127.0.0.6')).status, 503)
})

test('raises one alert for a blocked address', async () => {
  for (let i = 0; i < 14; i++) await attempt('127.0.0.5')
  const events = await http.store.events.list({ limit: 10 })
  const alerts = events.items.filter(event => event.type === 'security.alert')
  assert.deepEqual(
    alerts.map(event => event.data),
    [{ reason: 'auth_failures', ip: '127.0.0.5', limit: 'failed-auth' }],
  )
})

test('tells the world once that a limit shuts somebody out, and until when', async () => {
  for (let i = 0; i < 14; i++) await attempt('127.0.0.5')
  const events = await http.store.events.list({ limit: 10 })
  const until = new Date(at + 15 * MINUTE_MS).toISOString()
  assert.deepEqual(
    events.items.filter(({ type }) => type === 'limit.reached').map(({ data }) => data),
    [{ limit: 'failed-auth', blocked_until: until, ip: '127.0.0.5' }],
  )
})

test('counts the addresses of one IPv6 network together', async () => {
  for (let i = 0; i < 11; i++) await attempt('::1')
  assert.equal((await honest('::1')).status, 429)
  assert.equal((await honest('::ffff:127.0.0.1')).status, 200)
})

test('counts the wrong passwords that the edge tells of, and answers whether somebody may go on guessing', async () => {
  const tell = (question: string, from: string) =>
    http.ask({ path: '/', site: 'dashboard', from, headers: { 'postern-ask': question } })
  for (let i = 0; i < 10; i++) {
    assert.equal((await tell('may-guess', '127.0.0.5')).status, 204)
    assert.equal((await tell('guessed-wrong', '127.0.0.5')).status, 401)
  }
  assert.equal((await tell('may-guess', '127.0.0.5')).status, 204)
  for (const question of ['guessed-wrong', 'may-guess']) {
    const answer = await tell(question, '127.0.0.5')
    assert.deepEqual([answer.status, answer.json.code], [429, 'blocked'])
  }
  assert.equal((await honest('127.0.0.5')).status, 429)
  assert.equal((await tell('may-guess', '127.0.0.6')).status, 204)
  assert.equal((await tell('anything', '127.0.0.6')).status, 400)
  assert.deepEqual(
    new Set((await entries()).map(({ detail }) => detail?.reason)),
    new Set(['wrong_password']),
  )
})

describe('passwords that are judged at the same time', () => {
  const dashboard = (from: string, headers: Record<string, string>) =>
    http.ask({ path: '/v1/whoami', site: 'dashboard', from, headers })
  const mayGuess = (from: string) => dashboard(from, { 'postern-ask': 'may-guess' })
  const wrong = (from: string) => dashboard(from, { 'postern-ask': 'guessed-wrong' })
  const right = (from: string) => dashboard(from, { 'postern-basic-user': 'oncall' })
  const restart = async (places: Partial<PlaceTimes>) => {
    await http.stop()
    http = await startHttp({ now: () => new Date(at), places: { ...PLACES, ...places } })
  }
  const countOf = (statuses: readonly number[], status: number) =>
    statuses.filter(one => one === status).length

  /** As Caddy asks for it; what it has hashed at most at a time is in `most`. */
  const hashing = { now: 0, most: 0 }
  async function guess(from: string, then: (from: string) => Promise<Answer>): Promise<number> {
    const { status } = await mayGuess(from)
    if (status !== 204) return status
    hashing.now += 1
    hashing.most = Math.max(hashing.most, hashing.now)
    await turn()
    hashing.now -= 1
    return (await then(from)).status
  }

  beforeEach(() => void Object.assign(hashing, { now: 0, most: 0 }))

  test('are not more in a burst than one after the other: the eleventh wrong one starts the block', async () => {
    const statuses = await Promise.all(Array.from({ length: 60 }, () => guess('127.0.0.5', wrong)))
    assert.deepEqual([countOf(statuses, 401), countOf(statuses, 429)], [10, 50])
    assert.equal((await entries()).length, 11)
    assert.equal(hashing.most, 1)
  })

  test('do not hold up whoever knows the password: ten tabs of six requests, without a refusal or a count', async () => {
    const statuses = await Promise.all(Array.from({ length: 60 }, () => guess('127.0.0.5', right)))
    assert.equal(countOf(statuses, 200), 60)
    assert.ok(hashing.most <= 4, `${hashing.most} at once`)
    assert.deepEqual(await entries(), [])
    assert.equal(await guess('127.0.0.5', wrong), 401)
  })

  test('are six at most of strangers, from wherever they come, and there is room for those who know the password', async () => {
    assert.equal(await guess('127.0.0.5', right), 200)
    const addresses = Array.from({ length: 12 }, (_, n) => `127.0.1.${n}`)
    const let204: string[] = []
    const asked = addresses.map(async from => {
      if ((await mayGuess(from)).status === 204) let204.push(from)
    })
    await Promise.race([Promise.all(asked), Promise.all(asked.slice(0, 6))])
    assert.equal(await guess('127.0.0.5', right), 200) // by now the others would be in
    assert.equal(let204.length, 6)
    for (const from of let204.slice(0, 6)) assert.equal((await wrong(from)).status, 401)
    await Promise.all(asked)
    assert.deepEqual(let204.toSorted(), addresses.toSorted())
  })

  test('are counted when their callers hang up', async () => {
    await restart({ heldMs: 50 })
    assert.equal(await abandon('127.0.0.5', 20), 11)
    assert.equal((await honest('127.0.0.5')).status, 429)
    assert.equal((await honest('127.0.0.6')).status, 200)
    const reasons = (await entries()).map(({ ip, detail }) => `${ip} ${detail?.reason}`)
    assert.deepEqual(reasons, Array(11).fill('127.0.0.5 abandoned_password'))
  })

  test('are not counted so right after a right one, as when a page is reloaded; thereafter they are', async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { take, leave } = createPlaces({ heldMs: 5_000, knownMs: 2_000, waitMs: 60_000 })
    const [entered, lost]: [number[], number[]] = [[], []]
    const ask = (n: number) =>
      take('a', { gone: new AbortController().signal, onLost: () => lost.push(n) }).then(() =>
        entered.push(n),
      )
    const after = async (ms: number) => {
      t.mock.timers.tick(ms)
      await turn()
      return [entered.length, lost.length]
    }
    void ask(0)
    leave('a', 'right')
    for (let n = 1; n <= 8; n++) void ask(n)
    assert.deepEqual(await after(0), [5, 0]) // four at once
    assert.deepEqual(await after(2_000), [6, 0]) // none is counted, and its good name is gone
    assert.deepEqual(await after(5_000), [7, 1])
    leave('a', 'right')
    assert.deepEqual(await after(5_000), [9, 1])
  })

  /** How many may guess of so many who never tell how it was. */
  async function abandon(from: string, count: number): Promise<number> {
    const answers = await Promise.all(Array.from({ length: count }, () => mayGuess(from)))
    return countOf(
      answers.map(({ status }) => status),
      204,
    )
  }

  test('wait for so long, and are asked for again', async () => {
    await restart({ waitMs: 20 })
    assert.equal((await mayGuess('127.0.0.5')).status, 204)
    const { status, json, headers } = await mayGuess('127.0.0.5')
    assert.deepEqual([status, json.code, headers['retry-after']], [429, 'limited', '1'])
    assert.equal((await wrong('127.0.0.5')).status, 401)
    assert.equal((await mayGuess('127.0.0.5')).status, 204)
  })

  test('take no place when their caller has gone before one was free', async () => {
    const { take, leave } = createPlaces(PLACES)
    const caller = () => ({ gone: new AbortController(), onLost: () => assert.fail() })
    const [first, second, third] = [caller(), caller(), caller()]
    const taken = [first, second, third].map(({ gone, onLost }) => take('a', { gone: gone.signal, onLost }))
    second.gone.abort()
    assert.equal(await taken[1], false)
    leave('a', 'wrong')
    assert.deepEqual(await Promise.all(taken), [true, false, true])
  })
})

test('writes down so many failures of one address a minute, and says later how many there were more', async () => {
  http.setPolicy({ limits: new Map() })
  for (let i = 0; i < 30; i++) await attempt('127.0.0.5')
  assert.equal((await entries()).length, 20)
  at += 2 * MINUTE_MS
  await attempt('127.0.0.5')
  const all = await entries()
  assert.equal(all.length, 21)
  assert.equal(all.at(-1)?.detail?.suppressed, 10)
})

test('answers a flood with 429 before anything else is done for it', async () => {
  http.setPolicy({ limits: new Map() })
  const statuses: number[] = []
  for (let i = 0; i < 62; i++) statuses.push((await honest('127.0.0.5')).status)
  assert.deepEqual([...new Set(statuses.slice(0, 60))], [200])
  assert.deepEqual(statuses.slice(60), [429, 429])
  const answer = await honest('127.0.0.5')
  assert.equal(answer.json.code, 'limited')
  assert.match(answer.headers['retry-after'] ?? '', /^\d+$/)
  assert.match(answer.headers.ratelimit ?? '', /^"requests"; r=0; t=\d+$/)
  assert.match(answer.headers['ratelimit-policy'] ?? '', /^"requests"; q=60; w=60/)
  assert.equal((await honest('127.0.0.6')).status, 200)
})

test('answers a flood of failures with 429 even when the policy limits nothing', async () => {
  http.setPolicy({ limits: new Map() })
  const statuses: number[] = []
  for (let i = 0; i < 41; i++) statuses.push((await attempt('127.0.0.5')).status)
  assert.equal(statuses[39], 401)
  assert.equal(statuses[40], 429)
  assert.equal((await honest('127.0.0.5')).status, 200)
})

async function entries() {
  const { items } = await http.store.audit.list({ action: 'auth.refused', limit: 200 })
  return items
}
