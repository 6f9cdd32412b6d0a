import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type RunningHttp, startHttp } from './running-http.ts'

let http: RunningHttp
let broken = false
before(async () => {
  const get = (name: string) => {
    if (broken) throw new Error(`SELECT secret FROM /var/lib/postern where ${name}`)
    return undefined
  }
  http = await startHttp({ sessions: { get } })
})
after(() => http.stop())

const ask = (path: string, more = {}) => http.ask({ path, as: 'billing', ...more })

describe('every answer', () => {
  test('carries the policy’s revision and an id of our own', async () => {
    const id = 'req_forged'
    for (const call of [
      { path: '/v1/whoami', as: 'billing' },
      { path: '/v1/whoami' },
      { path: '/x', site: 'hooks' },
    ]) {
      const answer = await http.ask({ ...call, headers: { 'x-request-id': id, 'postern-policy': 'r99' } })
      assert.equal(answer.headers['postern-policy'], 'r7')
      assert.match(answer.headers['x-request-id'] ?? '', /^req_[0-9a-z]{26}$/)
      assert.notEqual(answer.headers['x-request-id'], id)
    }
  })

  test('carries the headers of a hardened service and none that names its maker', async () => {
    const { headers } = await ask('/v1/whoami')
    assert.equal(headers['x-powered-by'], undefined)
    assert.match(headers['content-security-policy'] ?? '', /default-src 'none'/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['strict-transport-security'], undefined)
  })

  test('that refuses is a problem with its own words', async () => {
    const answer = await ask('/v1/accounts/ghost?x=1')
    assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/)
    assert.deepEqual(answer.json, {
      type: 'urn:postern:problem:not-found',
      title: 'There is no such thing here',
      status: 404,
      detail: 'There is no account of this name.',
      instance: '/v1/accounts/ghost',
      code: 'not-found',
      request_id: answer.headers['x-request-id'],
    })
  })

  test('to what went wrong here says nothing but its id', async () => {
    broken = true
    const answer = await ask('/v1/accounts/main')
    broken = false
    assert.equal(answer.status, 500)
    assert.equal(answer.json.code, 'internal')
    assert.doesNotMatch(answer.bytes.toString(), /SELECT|secret|\/var|main where|\.ts/)
    assert.equal(answer.json.request_id, answer.headers['x-request-id'])
  })
})

describe('paths', () => {
  test('that do not exist, and those of another site, look the same', async () => {
    const api = await ask('/nothing')
    const page = await ask('/')
    const asset = await ask('/assets/dashboard.js')
    for (const answer of [api, page, asset]) {
      assert.equal(answer.status, 404)
      const { instance, request_id, ...rest } = answer.json
      const { instance: i, request_id: r, ...expected } = api.json
      assert.deepEqual(rest, expected)
      assert.ok(instance && request_id && i && r)
    }
    const there = await http.ask({
      path: '/',
      site: 'dashboard',
      headers: { 'postern-basic-user': 'oncall' },
    })
    assert.equal(there.status, 200)
  })

  test('on the hooks site do not exist, whatever a request brings along', async () => {
    const headers = { 'client-cert': await http.certOf('billing'), 'postern-basic-user': 'oncall' }
    for (const path of ['/v1/whoami', '/', '/hooks/alerts', '/livez']) {
      const answer = await http.ask({ path, site: 'hooks', headers })
      assert.equal(answer.status, 404)
    }
  })

  test('are case-sensitive and exact', async () => {
    for (const path of [
      '/V1/whoami',
      '/v1/WHOAMI',
      '/v1/whoami/',
      '//v1/whoami',
      '/v1/./whoami',
      '/v1/whoami%2f',
      '/v1%2Fwhoami',
    ]) {
      assert.equal((await ask(path)).status, 404, path)
    }
    assert.equal((await ask('/v1/whoami')).status, 200)
  })

  test('that cannot be decoded are malformed', async () => {
    assert.equal((await ask('/v1/accounts/%ff')).status, 400)
    assert.equal((await ask('/v1/accounts/%zz')).status, 400)
  })

  test('say which methods they take', async () => {
    const answer = await ask('/v1/accounts/main', { method: 'PATCH' })
    assert.equal(answer.status, 405)
    assert.equal(answer.headers.allow, 'GET, HEAD')
    assert.equal(answer.json.code, 'method-not-allowed')
    assert.equal(
      (await ask('/v1/accounts/main/messages', { method: 'DELETE' })).headers.allow,
      'GET, HEAD, POST',
    )
    assert.equal((await ask('/v1/whoami', { method: 'HEAD' })).status, 200)
    assert.equal((await ask('/v1/whoami', { method: 'OPTIONS' })).status, 405)
    assert.equal((await ask('/v1/whoami', { method: 'TRACE' })).status, 405)
  })
})

describe('the limit of a principal', () => {
  test('answers 429 with the draft’s headers, to that principal alone', async () => {
    const busy = { path: '/v1/whoami', as: 'busy' }
    for (let i = 0; i < 3; i++) assert.equal((await http.ask(busy)).status, 200)
    const answer = await http.ask(busy)
    assert.equal(answer.status, 429)
    assert.equal(answer.json.code, 'limited')
    assert.equal(answer.headers['retry-after'], '1200')
    assert.match(answer.headers.ratelimit ?? '', /"per-principal";r=0;t=1200/)
    assert.match(answer.headers['ratelimit-policy'] ?? '', /"per-principal";q=3;w=3600/)
    assert.equal((await ask('/v1/whoami')).status, 200)
  })

  test('comes after the access rules: who may not is told that', async () => {
    const audit = await http.ask({ path: '/v1/audit', as: 'busy' })
    assert.equal(audit.status, 403)
    assert.equal((await ask('/v1/audit')).status, 200)
  })
})
