import assert from 'node:assert/strict'
import type { X509Certificate } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { renderEdge } from '../../app/policy/render-edge.ts'
import { reloadEdge, writeNext } from '../../app/supervise/edge.ts'
import { type AcmeServer, startAcmeServer } from './acme-server.ts'
import { basic } from './callers/ask.ts'
import { get, sendRaw } from './raw-request.ts'
import { PASSWORD, type Rig, startRig } from './rig.ts'

const skip = process.env.TEST_LONG === '1' ? false : 'fetches an ACME server from Debian: --long'

const PORT_BASE = 28_200
const NAME = 'wa.postern.test'
const ISSUED_WITHIN_MS = 90_000

let rig: Rig
let acme: AcmeServer
before(async () => {
  if (skip !== false) return
  rig = await startRig({ portBase: PORT_BASE })
  const { dataDir, ports } = rig.config
  acme = await startAcmeServer({ folder: dataDir, port: PORT_BASE + 50, challengePort: ports.dashboard })
  copyFileSync(acme.caFile, join(rig.config.secretsDir, 'acme-ca.pem'))
})
after(async () => {
  await acme?.stop()
  await rig?.stop()
})

/** The edge with its dashboard alone, under a public name. */
async function serveWithAcme(caRoot: string | undefined): Promise<void> {
  const { edge } = rig.snapshot
  const dashboard = {
    ...(edge.sites.dashboard ?? assert.fail()),
    address: `https://${NAME}:${rig.config.ports.dashboard}`,
  }
  const tls = {
    mode: 'acme',
    email: 'ops@postern.test',
    ca: acme.directory,
    ...(caRoot && { caRoot }),
  } as const
  const part = renderEdge({ ...rig.snapshot, edge: { ...edge, tls, sites: { dashboard } } }, {})
  // 443, where the challenge belongs, may be somebody else's.
  const moved = part.replace(
    /disable_http_challenge$/m,
    `disable_http_challenge\nalt_tlsalpn_port ${rig.config.ports.dashboard}`,
  )
  assert.notEqual(moved, part)
  assert.deepEqual(await reloadEdge(rig.deps, writeNext(rig.config, moved)), { ok: true })
}

/** What the dashboard shows to whoever calls it by its name; nothing while it has no certificate. */
function shown(): Promise<X509Certificate | undefined> {
  const socket = connect({
    ...{ host: '127.0.0.1', port: rig.config.ports.dashboard, servername: NAME },
    rejectUnauthorized: false,
  })
  return new Promise(resolve => {
    socket.once('error', () => resolve(undefined))
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate())
      socket.destroy()
    })
  })
}

async function issued(): Promise<X509Certificate> {
  const deadline = Date.now() + ISSUED_WITHIN_MS
  for (;;) {
    const certificate = await shown()
    if (certificate !== undefined) return certificate
    assert.ok(Date.now() < deadline, `no certificate:\n${rig.logs().slice(-4_000)}`)
    await sleep(250)
  }
}

test('a private ACME server issues the certificate of the dashboard, once its own CA is trusted', {
  skip,
}, async () => {
  await serveWithAcme(undefined)
  while (!/certificate signed by unknown authority/.test(rig.logs())) await sleep(250)
  assert.equal(await shown(), undefined)

  await serveWithAcme('secret:acme-ca.pem')
  const certificate = await issued()
  assert.equal(certificate.subjectAltName, `DNS:${NAME}`)
  assert.match(certificate.issuer, /Pebble/)
  const to = { port: rig.config.ports.dashboard, servername: NAME, from: '127.0.0.1', ca: await acme.root() }
  const status = async (headers: readonly string[]) => {
    const answer = await sendRaw(get('/', `${NAME}:${to.port}`, headers), to)
    return answer.kind === 'answered' ? answer.status : answer
  }
  assert.equal(await status([]), 401)
  assert.equal(await status([`Authorization: ${basic('oncall', PASSWORD)}`]), 200)
  const told = await sendRaw(get('/', NAME), { ...to, ca: rig.ca })
  assert.equal(told.kind, 'closed', 'nobody but the ACME server has signed it')
})
