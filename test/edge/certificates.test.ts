import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { createTestAuthority, daysFromNow } from '../helpers/certificates.ts'
import { get, open, type RawAnswer, type RawOptions, sendRaw } from './raw-request.ts'
import { type Rig, startRig } from './rig.ts'
import { headerOf, type Seen } from './upstream.ts'

let rig: Rig
let honest: CertificateAndKey

before(async () => {
  rig = await startRig({ portBase: 27_000 })
  honest = await rig.clientCa.issue()
})
after(() => rig.stop())

function toApi(client?: CertificateAndKey, more: Partial<RawOptions> = {}): Promise<RawAnswer> {
  const { api } = rig.config.ports
  const options = { port: api, ca: rig.ca, ...(client && { client }), ...more }
  return sendRaw(get('/v1/whoami', `localhost:${api}`), options)
}

async function refusedWithoutHttp(answer: Promise<RawAnswer>): Promise<void> {
  const before = rig.upstream.seen.length
  assert.equal((await answer).kind, 'closed')
  assert.equal(rig.upstream.seen.length, before)
}

test('lets a certificate of the client CA in and hands it to the app as it was', async () => {
  const answer = await toApi(honest)
  assert.ok(answer.kind === 'answered' && answer.status === 200)
  const seen = JSON.parse(answer.body) as Seen
  const der = Buffer.from(honest.cert.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('base64')
  assert.equal(headerOf(seen, 'client-cert'), `:${der}:`)
  assert.equal(headerOf(seen, 'postern-site'), 'api')
  assert.match(headerOf(seen, 'postern-remote-ip') ?? '', /^(127\.0\.0\.1|::1)$/)
})

test('shows the app the certificate of the proxy, with its name', async () => {
  const answer = await toApi(honest)
  assert.ok(answer.kind === 'answered')
  assert.equal((JSON.parse(answer.body) as Seen).peer, 'URI:spiffe://postern/internal/proxy')
})

test('gives no HTTP answer on the api site without a certificate', () => refusedWithoutHttp(toApi()))

test('gives no HTTP answer to a certificate of another CA', async () => {
  const stranger = await createTestAuthority('Postern client CA')
  await refusedWithoutHttp(toApi(await stranger.issue()))
})

test('gives no HTTP answer to a certificate of the internal CA', async () => {
  const read = (file: string) => readFileSync(join(rig.config.secretsDir, file), 'utf8')
  await refusedWithoutHttp(toApi({ cert: read('proxy.pem'), key: read('proxy.key') }))
})

test('gives no HTTP answer to an expired certificate', async () => {
  await refusedWithoutHttp(toApi(await rig.clientCa.issue({ notAfter: daysFromNow(-0.01) })))
})

test('gives no HTTP answer to a certificate that is not yet valid', async () => {
  await refusedWithoutHttp(toApi(await rig.clientCa.issue({ notBefore: daysFromNow(0.1) })))
})

test('gives no HTTP answer to a certificate for servers only', async () => {
  await refusedWithoutHttp(toApi(await rig.clientCa.issue({ usages: ['serverAuth'] })))
})

// Go takes a certificate without extended key usages for any use; the app refuses it.
test('hands a certificate without key usages to the app, which must judge it', async () => {
  const answer = await toApi(await rig.clientCa.issue({ usages: [] }))
  assert.equal(answer.kind, 'answered')
})

test('speaks nothing below TLS 1.3 on the api site', async () => {
  await refusedWithoutHttp(toApi(honest, { tls: { maxVersion: 'TLSv1.2' } }))
  assert.equal((await toApi(honest, { tls: { minVersion: 'TLSv1.3' } })).kind, 'answered')
})

// A resumed session would bring the certificate in without a look at the client CA of the day.
test('gives out sessions to resume on sites without client certificates, and none on the api site', async () => {
  assert.equal(await sessionsGivenOut('keys'), true)
  assert.equal(await sessionsGivenOut('api'), false)
})

test('needs the name of the site in the handshake', async () => {
  await refusedWithoutHttp(toApi(honest, { servername: '' }))
  await refusedWithoutHttp(toApi(honest, { servername: 'api.example.com' }))
})

test('needs no certificate on the other sites, and passes none on from there', async () => {
  for (const site of ['keys', 'hooks'] as const) {
    const port = rig.config.ports[site]
    const answer = await sendRaw(get('/hooks/x', `localhost:${port}`), { port, ca: rig.ca, client: honest })
    assert.ok(answer.kind === 'answered' && answer.status === 200, site)
    const seen = JSON.parse(answer.body) as Seen
    assert.equal(headerOf(seen, 'postern-site'), site)
    assert.equal(headerOf(seen, 'client-cert'), undefined)
  }
})

test('answers 421 when the Host is not the name of the handshake', async () => {
  for (const site of ['api', 'keys', 'dashboard', 'hooks'] as const) {
    const port = rig.config.ports[site]
    const answer = await sendRaw(get('/hooks/x', `other.example:${port}`), {
      port,
      ca: rig.ca,
      client: honest,
    })
    assert.ok(answer.kind === 'answered' && answer.status === 421, site)
  }
})

test("does not reach another site by that site's Host on this site's port", async () => {
  const { ports } = rig.config
  const before = rig.upstream.seen.length
  await sendRaw(get('/v1/whoami', `localhost:${ports.api}`), { port: ports.hooks, ca: rig.ca })
  const answer = await sendRaw(get('/hooks/x', `localhost:${ports.api}`), { port: ports.hooks, ca: rig.ca })
  assert.ok(answer.kind === 'answered')
  const sites = rig.upstream.seen.slice(before).map(seen => headerOf(seen, 'postern-site'))
  assert.deepEqual(sites, ['hooks'])
})

test("gives nobody but the proxy an answer on the app's own port", async () => {
  const internal = readFileSync(join(rig.config.secretsDir, 'internal-ca.pem'), 'utf8')
  const read = (file: string) => readFileSync(join(rig.config.secretsDir, file), 'utf8')
  const proxy = { cert: read('proxy.pem'), key: read('proxy.key') }
  const options = { port: rig.config.ports.app, ca: internal, servername: 'app' }
  assert.equal((await sendRaw(get('/x', 'app'), options)).kind, 'closed')
  assert.equal((await sendRaw(get('/x', 'app'), { ...options, client: honest })).kind, 'closed')
  assert.equal((await sendRaw(get('/x', 'app'), { ...options, client: proxy })).kind, 'answered')
})

test('keeps the UDP ports of the sites closed', async () => {
  for (const port of [rig.config.ports.api, rig.config.ports.dashboard]) {
    await bindUdp(port) // would fail if Caddy spoke HTTP/3 there
  }
})

function sessionsGivenOut(site: 'api' | 'keys'): Promise<boolean> {
  const port = rig.config.ports[site]
  const socket = open({ port, ca: rig.ca, client: honest })
  return new Promise((resolve, reject) => {
    let given = false
    socket.once('session', () => {
      given = true
    })
    socket.once('secureConnect', () => socket.write(get('/v1', `localhost:${port}`)))
    socket.once('error', reject)
    socket.once('close', () => resolve(given))
    socket.resume()
  })
}

async function bindUdp(port: number): Promise<void> {
  for (const [type, address] of [
    ['udp4', '127.0.0.1'],
    ['udp4', '0.0.0.0'],
  ] as const) {
    const socket = createSocket(type)
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(port, address, resolve)
    })
    socket.close()
  }
}
