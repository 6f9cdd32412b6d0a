import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { loopbackAddresses } from '../../app/lib/loopback.ts'
import { renderEdge } from '../../app/policy/render-edge.ts'
import { exportEdgeCa, prepareEdge, reloadEdge, writeNext } from '../../app/supervise/edge.ts'
import { createTestAuthority, type TestAuthority } from '../helpers/certificates.ts'
import { get, sendRaw } from './raw-request.ts'
import { type Rig, startRig, testSnapshot } from './rig.ts'

const PORT_BASE = 27_400

let rig: Rig
let honest: CertificateAndKey
let nextCa: TestAuthority
let ofNextCa: CertificateAndKey

beforeEach(async () => {
  rig = await startRig({ portBase: PORT_BASE })
  honest = await rig.clientCa.issue()
  nextCa = await createTestAuthority('Next client CA')
  ofNextCa = await nextCa.issue()
})
afterEach(() => rig.stop())

async function isLetIn(client: CertificateAndKey): Promise<boolean> {
  const port = rig.config.ports.api
  return (await sendRaw(get('/v1', `localhost:${port}`), { port, ca: rig.ca, client })).kind === 'answered'
}

function clientCaFile(): string {
  return join(rig.config.secretsDir, 'client-ca.pem')
}

function reloadSame() {
  const part = renderEdge(rig.snapshot, { loopback: loopbackAddresses() })
  return reloadEdge(rig.deps, writeNext(rig.config, part))
}

function resultOf(digest: string): unknown {
  return JSON.parse(readFileSync(join(rig.config.dataDir, 'edge', 'result', `${digest}.json`), 'utf8'))
}

function currentPart(): string {
  return readFileSync(join(rig.config.dataDir, 'edge', 'current.caddy'), 'utf8')
}

test('counts a replaced client CA after a reload of the same configuration, and the old one no more', async () => {
  assert.deepEqual([await isLetIn(honest), await isLetIn(ofNextCa)], [true, false])
  writeFileSync(clientCaFile(), nextCa.cert)
  assert.deepEqual(await reloadSame(), { ok: true })
  assert.deepEqual([await isLetIn(honest), await isLetIn(ofNextCa)], [false, true])
})

test('refuses a reload without the client CA and goes on with the old one', async () => {
  renameSync(clientCaFile(), `${clientCaFile()}.away`)
  const result = await reloadSame()
  assert.ok(!result.ok)
  assert.match(result.error, /client-ca\.pem/)
  assert.deepEqual([await isLetIn(honest), await isLetIn(ofNextCa)], [true, false])
})

test('refuses a client CA that is none and goes on with the old one', async () => {
  for (const content of ['', 'not a certificate', honest.cert, nextCa.cert.replace(/M/g, 'N')]) {
    writeFileSync(clientCaFile(), content)
    assert.equal((await reloadSame()).ok, false)
  }
  assert.deepEqual([await isLetIn(honest), await isLetIn(ofNextCa)], [true, false])
})

test('keeps the part in force when another is broken, and writes the outcome of each down', async () => {
  const before = currentPart()
  const broken = writeNext(rig.config, before.replace('tls internal', 'tls_internal'))
  const refused = await reloadEdge(rig.deps, broken)
  assert.ok(!refused.ok)
  assert.match(refused.error, /tls_internal/)
  assert.deepEqual(resultOf(broken), refused)
  assert.equal(currentPart(), before)
  assert.equal(await isLetIn(honest), true)

  const { edge } = testSnapshot({ portBase: PORT_BASE })
  const closing = { ...rig.snapshot, edge: { ...edge, sites: { api: edge.sites.api ?? assert.fail() } } }
  const good = writeNext(rig.config, renderEdge(closing, { loopback: loopbackAddresses() }))
  assert.deepEqual(await reloadEdge(rig.deps, good), { ok: true })
  assert.deepEqual(resultOf(good), { ok: true })
  assert.notEqual(currentPart(), before)
  const port = rig.config.ports.hooks
  assert.equal((await sendRaw(get('/hooks/x', `localhost:${port}`), { port, ca: rig.ca })).kind, 'closed')
  assert.equal(await isLetIn(honest), true)
})

test('refuses to start from a policy that Caddy refuses, and says why', async () => {
  const before = currentPart()
  const edge = {
    ...rig.snapshot.edge,
    tls: { mode: 'files', certificate: 'secret:none.pem', key: 'secret:none.key' },
  } as const
  await assert.rejects(prepareEdge(rig.deps, { ...rig.snapshot, edge }), {
    code: 'edge.rejected',
    message: /none\.pem/,
  })
  assert.equal(currentPart(), before)
})

test('comes back after a crash with what was reloaded last', async () => {
  writeFileSync(clientCaFile(), nextCa.cert)
  assert.deepEqual(await reloadSame(), { ok: true })
  await rig.restart('SIGKILL')
  assert.deepEqual([await isLetIn(honest), await isLetIn(ofNextCa)], [false, true])
  assert.deepEqual(await reloadSame(), { ok: true })
})

test('keeps the admin interface to a socket of its owner, and writes no configuration away', async () => {
  const socket = join(rig.config.dataDir, 'run', 'caddy.sock')
  assert.equal(statSync(socket).mode & 0o777, 0o600)
  assert.ok(statSync(socket).isSocket())
  assert.equal(await adminOverTcp(), 'ECONNREFUSED')
  assert.equal(existsSync(join(rig.config.dataDir, 'caddy', 'caddy', 'autosave.json')), false)
})

test('leads browsers from plain HTTP to a public name, and asks them to stay with TLS there', async () => {
  const authority = await createTestAuthority('Public CA')
  const served = await authority.issue({ usages: ['serverAuth'], uris: [], dnsNames: ['wa.example.com'] })
  for (const [name, text] of [
    ['edge.pem', served.cert],
    ['edge.key', served.key],
  ] as const)
    writeFileSync(join(rig.config.secretsDir, name), text)
  const { edge } = rig.snapshot
  const dashboard = { ...(edge.sites.dashboard ?? assert.fail()), address: 'https://wa.example.com' }
  const tls = { mode: 'files', certificate: 'secret:edge.pem', key: 'secret:edge.key' } as const
  const part = renderEdge({ ...rig.snapshot, edge: { ...edge, tls, sites: { dashboard } } }, {})
  const [https, http] = [PORT_BASE + 42, PORT_BASE + 38]
  const moved = part
    .replace('https://wa.example.com {', `https://wa.example.com:${https} {`)
    .replace(/http:\/\/(\S*) \{/g, `http://$1:${http} {`) // 80 may be somebody else's
  assert.deepEqual(await reloadEdge(rig.deps, writeNext(rig.config, moved)), { ok: true })
  assert.deepEqual(await overPlainHttp(http, 'wa.example.com'), [308, 'https://wa.example.com/x?y=1'])
  assert.equal(await overPlainHttp(http, 'other.example.com'), 'ECONNRESET')
  const host = `wa.example.com:${https}`
  const to = { port: https, ca: authority.cert, servername: 'wa.example.com' }
  const answer = await sendRaw(get('/', host), to)
  assert.equal(answer.kind === 'answered' && answer.status, 401)
  assert.match(
    answer.kind === 'answered' ? answer.head : '',
    /^strict-transport-security: max-age=31536000\r?$/im,
  )
})

/** Status and way, or what became of the connection. */
function overPlainHttp(port: number, host: string): Promise<unknown> {
  return new Promise(resolve => {
    const call = request({ port, path: '/x?y=1', headers: { host } }, answer => {
      answer.resume()
      resolve([answer.statusCode, answer.headers.location])
    })
    call.once('error', error => resolve((error as NodeJS.ErrnoException).code))
    call.end()
  })
}

test('hands out the root of its own certificates, and none for certificates from elsewhere', () => {
  const { config, snapshot } = rig
  const file = exportEdgeCa(config, snapshot.edge)
  assert.equal(file, join(config.dataDir, 'run', 'edge-ca.pem'))
  rmSync(join(config.dataDir, 'caddy', 'pki'), { recursive: true })
  assert.equal(exportEdgeCa(config, snapshot.edge), undefined)
  const files = { mode: 'files', certificate: 'secret:a', key: 'secret:b' } as const
  assert.equal(exportEdgeCa(config, { ...snapshot.edge, tls: files }), undefined)
  assert.equal(existsSync(file ?? ''), false)
})

/** Caddy's default admin address, which must be closed. */
function adminOverTcp(): Promise<string> {
  return new Promise(resolve => {
    const call = request('http://127.0.0.1:2019/config/', answer => resolve(`${answer.statusCode}`))
    call.once('error', error => resolve((error as NodeJS.ErrnoException).code ?? error.message))
    call.end()
  })
}
