import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import type { SiteName } from '../../app/policy/snapshot.ts'
import { type RunningHttp, startHttp } from './running-http.ts'
import { eventOf, events, idsOf, readWebSocket } from './stream-clients.ts'

let http: RunningHttp
before(async () => {
  http = await startHttp({ streams: { heartbeatMs: 50, stallMs: 5_000, perPrincipal: 10 } })
})
after(() => http.stop())

const ORIGINS: Readonly<Partial<Record<SiteName, string>>> = {
  api: 'https://localhost:9443',
  dashboard: 'https://localhost:8443',
}

/** 101 when it was opened, else the status of the refusal. */
async function knock(call: { as?: string; site?: string; path?: string; headers?: Record<string, string> }) {
  const reader = await readWebSocket(http, { path: '/v1/events', ...call })
  if ('status' in reader) return reader.status
  reader.leave()
  await reader.ended
  return 101
}

test('a WebSocket is opened for whom a request would be answered, and for nobody else', async () => {
  assert.equal(await knock({ as: 'billing' }), 101)
  assert.equal(await knock({}), 401)
  assert.equal(await knock({ as: 'stranger' }), 401)
  assert.equal(await knock({ as: 'over' }), 403)
  assert.equal(await knock({ as: 'distant' }), 403)
  assert.equal(await knock({ as: 'billing', path: '/v1/events?after=evt_nothing' }), 422)
  assert.equal(await knock({ as: 'billing', path: '/v1/events?wait=3' }), 422)
  assert.equal(await knock({ as: 'billing', path: '/v1/nothing' }), 404)
  assert.equal(await knock({ as: 'billing', site: 'hooks' }), 404)
})

test('a browser opens one from our own page alone: it would show any other page what it hears', async () => {
  const login = { 'postern-basic-user': 'oncall' }
  const dashboard = (headers: Record<string, string>) =>
    knock({ site: 'dashboard', headers: { ...login, ...headers } })
  assert.equal(await dashboard({ origin: ORIGINS.dashboard ?? '' }), 101)
  assert.equal(await dashboard({ origin: 'https://evil.example.com' }), 403)
  assert.equal(await dashboard({ origin: ORIGINS.api ?? '' }), 403)
  assert.equal(await dashboard({}), 403)
  assert.equal(await dashboard({ 'sec-fetch-site': 'same-origin' }), 101)
  assert.equal(await dashboard({ 'sec-fetch-site': 'cross-site' }), 403)
  assert.equal(await knock({ as: 'billing', headers: { origin: 'https://evil.example.com' } }), 403)
  assert.equal(await knock({ as: 'billing', headers: { origin: ORIGINS.api ?? '' } }), 101)
})

test('a request for an upgrade elsewhere is answered as if it asked for none, and closes', async () => {
  const headers = { ...(await http.headersOf({ path: '', as: 'billing' })), connection: 'Upgrade' }
  const upgrade = { ...headers, upgrade: 'websocket' }
  assert.match(await raw('GET /v1/whoami HTTP/1.1', upgrade), /^HTTP\/1\.1 200 OK\r\n[\s\S]*"principal"/)
  assert.match(await raw('GET /v1/events HTTP/1.1', upgrade), /^HTTP\/1\.1 400 /, 'no WebSocket handshake')
  const path = '/v1/accounts/main/messages'
  assert.match(await raw(`POST ${path} HTTP/1.1`, { ...upgrade, 'content-length': '5' }), /^HTTP\/1\.1 400 /)
})

test('what a reader says is not listened to, and too much of it ends the stream', async () => {
  const reader = await readWebSocket(http, { path: '/v1/events?account=main', as: 'billing' })
  assert.ok('say' in reader)
  reader.say('hello?')
  const fresh = eventOf('main')
  await http.store.events.append({ events: [fresh] })
  await reader.until(events(1))
  assert.deepEqual(idsOf(reader.items), [fresh.id])
  reader.say('x'.repeat(5_000))
  await reader.ended
})

test('a message in a few pieces is taken, and one that goes on and on in empty ones ends the stream', async () => {
  const reader = await readWebSocket(http, { path: '/v1/events?account=main', as: 'billing' })
  assert.ok('say' in reader)
  for (const fin of [false, false, true]) reader.say('', fin)
  const fresh = eventOf('main')
  await http.store.events.append({ events: [fresh] })
  await reader.until(events(1))
  for (let piece = 0; piece < 40; piece++) reader.say('', false)
  await reader.ended
})

test('a reader whose machine is gone is noticed by its silence', async () => {
  const deaf = await readWebSocket(http, { path: '/v1/events', as: 'billing', pongs: false })
  const alive = await readWebSocket(http, { path: '/v1/events', as: 'billing' })
  assert.ok('say' in deaf && 'say' in alive)
  await deaf.ended
  const beats = alive.items.length
  await alive.until(items => items.length > beats + 2)
  alive.leave()
})

/** Sends a request as it is and answers everything that comes until the other side closes. */
async function raw(line: string, headers: Record<string, string | string[]>): Promise<string> {
  const { cert, key } = http.proxy
  const socket = connect({
    port: http.port,
    host: '127.0.0.1',
    servername: 'app',
    ca: http.internal.cert,
    cert,
    key,
  })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`)
  socket.write(`${[line, 'Host: app', ...lines].join('\r\n')}\r\n\r\n`)
  let text = ''
  socket.on('data', chunk => (text += chunk))
  await once(socket, 'close')
  return text
}
