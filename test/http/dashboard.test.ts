import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningHttp, startHttp } from './running-http.ts'
import { testPolicy } from './running-policy.ts'

let http: RunningHttp
before(async () => (http = await startHttp()))
after(() => http.stop())

const FOLDER = join(import.meta.dirname, '..', '..', 'app', 'dashboard')
const user = { 'postern-basic-user': 'oncall' }
const ask = (path: string, headers = {}, method = 'GET') =>
  http.ask({ path, site: 'dashboard', method, headers: { ...user, ...headers } })

describe('the page', () => {
  test('and all it refers to are served, and nothing else of its folder', async () => {
    const page = await ask('/')
    assert.equal(page.status, 200)
    assert.match(page.headers['content-type'] ?? '', /^text\/html/)
    const assets = [...page.bytes.toString().matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(
      match => match[1] ?? '',
    )
    assert.ok(assets.length > 3)
    for (const asset of assets) assert.equal((await ask(asset)).status, 200, asset)
    for (const file of readdirSync(FOLDER).filter(name => name.endsWith('.js'))) {
      const answer = await ask(`/assets/${file}`)
      assert.match(answer.headers['content-type'] ?? '', /^text\/javascript/)
    }
    assert.equal((await ask('/assets/nothing.js')).status, 404)
    assert.equal((await ask('/index.html')).status, 404)
  })

  test('may load nothing but its own parts, and is in nobody’s frame', async () => {
    const { headers } = await ask('/')
    assert.deepEqual((headers['content-security-policy'] ?? '').split(';').sort(), [
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self' data: blob:",
      "script-src 'self'",
      "style-src 'self'",
    ])
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
  })

  test('has no inline script or style, and no script writes HTML', () => {
    assert.doesNotMatch(
      readFileSync(join(FOLDER, 'index.html'), 'utf8'),
      /<script(?![^>]*src=)|<style|\son\w+=|style=/,
    )
    for (const file of readdirSync(FOLDER).filter(name => name.endsWith('.js'))) {
      assert.doesNotMatch(
        readFileSync(join(FOLDER, file), 'utf8'),
        /innerHTML|outerHTML|insertAdjacentHTML|eval\(/,
      )
    }
  })

  test('is not sent again when the browser has it', async () => {
    const first = await ask('/assets/dashboard.js')
    const again = await ask('/assets/dashboard.js', { 'if-none-match': first.headers.etag })
    assert.equal(again.status, 304)
    assert.equal(again.bytes.length, 0)
  })

  test('needs somebody who passed basic auth', async () => {
    assert.equal((await http.ask({ path: '/', site: 'dashboard' })).status, 401)
  })

  test('on a site with a real name tells browsers to come back by TLS alone', async () => {
    const { edge } = testPolicy()
    const { dashboard } = edge.sites
    assert.ok(dashboard)
    const named = { ...dashboard, address: 'https://ops.example.com' }
    http.setPolicy({ edge: { ...edge, sites: { ...edge.sites, dashboard: named } } })
    assert.match((await ask('/')).headers['strict-transport-security'] ?? '', /^max-age=\d+$/)
    http.setPolicy({ edge })
    assert.equal((await ask('/')).headers['strict-transport-security'], undefined)
  })
})

describe('changes', () => {
  const pause = (headers: Record<string, string>) => ask('/v1/accounts/main/restart', headers, 'POST')

  test('are taken from the dashboard’s own page', async () => {
    assert.equal((await pause({ 'sec-fetch-site': 'same-origin' })).status, 200)
    await http.sessions.resume('main', { principal: 'test' })
    assert.equal((await pause({ origin: 'https://localhost:8443' })).status, 200)
  })

  test('are not taken from another page, nor from nowhere', async () => {
    await http.sessions.resume('main', { principal: 'test' })
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://localhost:8443' },
      { origin: 'https://localhost:9443' },
      { origin: 'https://localhost:8443.evil.example' },
      { origin: 'null' },
      {},
    ]
    for (const headers of foreign) {
      const answer = await pause(headers)
      assert.deepEqual([answer.status, answer.json.code], [403, 'cross-site'])
    }
    assert.equal(http.sessions.get('main')?.state, 'open')
  })

  test('by a service need no page', async () => {
    const answer = await http.ask({ path: '/v1/accounts/main/restart', as: 'billing', method: 'POST' })
    assert.equal(answer.status, 200)
  })

  test('are not taken from a page whose browser shows a service’s certificate without asking', async () => {
    const restart = (headers: Record<string, string>) =>
      http.ask({ path: '/v1/accounts/main/restart', as: 'billing', method: 'POST', headers })
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'https://localhost:8443' },
      { origin: 'https://localhost:8443' },
      { origin: 'null' },
    ]
    for (const headers of foreign) {
      const answer = await restart(headers)
      assert.deepEqual([answer.status, answer.json.code], [403, 'cross-site'])
    }
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: 'https://localhost:9443' }]) {
      await http.sessions.resume('main', { principal: 'test' })
      assert.equal((await restart(headers)).status, 200)
    }
  })

  test('follow the same policy as everywhere', async () => {
    const headers = { 'sec-fetch-site': 'same-origin' }
    const send = {
      path: '/v1/accounts/main/messages',
      site: 'dashboard',
      body: { to: '+12025550100', text: { body: 'x' } },
    }
    assert.equal((await http.ask({ ...send, headers: { ...headers, ...user } })).status, 403)
  })
})
