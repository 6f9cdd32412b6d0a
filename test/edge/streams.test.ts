import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { loopbackAddresses } from '../../app/lib/loopback.ts'
import { renderEdge } from '../../app/policy/render-edge.ts'
import { reloadEdge, writeNext } from '../../app/supervise/edge.ts'
import { get, open } from './raw-request.ts'
import { PASSWORD, type Rig, startRig } from './rig.ts'

/** Longer than every timeout of the rig's policy for ordinary requests. */
const LONG_MS = 3_500
const BASIC = { authorization: `Basic ${Buffer.from(`oncall:${PASSWORD}`).toString('base64')}` }
const PATH = '/v1/events'

let rig: Rig
let honest: CertificateAndKey
before(async () => {
  rig = await startRig({ portBase: 27_600 })
  honest = await rig.clientCa.issue()
})
after(() => rig.stop())

type Site = 'api' | 'keys' | 'dashboard'

function socketTo(site: Site, headers: Record<string, string> = {}): WebSocket {
  const proof = site === 'api' ? honest : {}
  const url = `wss://localhost:${rig.config.ports[site]}${PATH}`
  return new WebSocket(url, {
    ca: rig.ca,
    headers: { ...(site === 'dashboard' ? BASIC : {}), ...headers },
    ...proof,
  })
}

/** Counts what comes, and notes the end. */
function listen(socket: WebSocket): { count: number; closed: boolean } {
  const heard = { count: 0, closed: false }
  socket.on('message', () => heard.count++)
  socket.on('close', () => {
    heard.closed = true
  })
  return heard
}

test('lets server-sent events go on past the time that ordinary requests have', async () => {
  let text = ''
  let over = false
  const socket = open({ port: rig.config.ports.keys, ca: rig.ca })
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  socket.on('close', () => {
    over = true
  })
  socket.write(get(PATH, `localhost:${rig.config.ports.keys}`))
  after(() => socket.destroy())
  await sleep(LONG_MS)
  const before = text.length
  await sleep(600)
  assert.equal(over, false)
  assert.ok(text.length > before && before > 0, text)
})

test('lets WebSockets through on each site, past the same time and over a reload', async () => {
  const sites = ['api', 'keys', 'dashboard'] as const
  const before = rig.upstream.asked.length
  const sockets = sites.map(site => socketTo(site))
  const heard = sockets.map(listen)
  await Promise.all(sockets.map(socket => once(socket, 'open')))
  await sleep(LONG_MS)
  const digest = writeNext(rig.config, renderEdge(rig.snapshot, { loopback: loopbackAddresses() }))
  assert.deepEqual(await reloadEdge(rig.deps, digest), { ok: true })
  const counts = heard.map(({ count }) => count)
  await sleep(800)
  for (const [n, { count, closed }] of heard.entries()) {
    assert.equal(closed, false, `${sites[n]}`)
    assert.ok(count > (counts[n] ?? 0), `${sites[n]}`)
  }
  const asked = rig.upstream.seen.filter(({ headers }) => headers.some(header => /^websocket$/i.test(header)))
  assert.equal(asked.length, 3)
  assert.deepEqual(asked.map(siteOf).sort(), ['api', 'dashboard', 'keys'])
  assert.deepEqual(
    rig.upstream.asked.slice(before).map(siteOf),
    ['dashboard'],
    'what the edge asks for itself is no WebSocket',
  )
  for (const socket of sockets) socket.terminate()
})

test('refuses a WebSocket without what the site demands, and hands the Origin on', async () => {
  const before = rig.upstream.seen.length
  const { api, dashboard } = rig.config.ports
  for (const port of [api, dashboard]) {
    const refused = new WebSocket(`wss://localhost:${port}${PATH}`, { ca: rig.ca })
    await assert.rejects(once(refused, 'open'))
  }
  assert.equal(rig.upstream.seen.length, before)
  const origin = 'https://evil.example.com'
  const socket = socketTo('dashboard', { origin })
  await once(socket, 'open')
  assert.ok(rig.upstream.seen.at(-1)?.headers.includes(origin))
  socket.terminate()
})

function siteOf({ headers }: { readonly headers: readonly string[] }): string | undefined {
  return headers[headers.findIndex(name => /^postern-site$/i.test(name)) + 1]
}
