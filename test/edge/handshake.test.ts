import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClientAuthorities, createClientAuthorities } from '../../app/identity/client-authorities.ts'
import { hashPassword } from '../../app/identity/first-start.ts'
import { createHopFiles } from '../../app/identity/hop-files.ts'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { ensureHopEnd } from '../../app/identity/pki/hop.ts'
import { silentLog } from '../../app/lib/log.ts'
import { loopbackAddresses } from '../../app/lib/loopback.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { createEdgeHandshake, type EdgeHandshake } from '../../app/reload/edge-handshake.ts'
import { createHopWatch } from '../../app/reload/hop-watch.ts'
import { createEdgeDesk, type EdgeDesk } from '../../app/supervise/edge-desk.ts'
import { servedEdge } from '../../app/supervise/served-edge.ts'
import { createTestAuthority } from '../helpers/certificates.ts'
import { get, sendRaw } from './raw-request.ts'
import { type Rig, startRig } from './rig.ts'

const PORT_BASE = 27_900

let rig: Rig
let desk: EdgeDesk
let edge: EdgeHandshake
let clientAuthorities: ClientAuthorities
beforeEach(async () => {
  rig = await startRig({ portBase: PORT_BASE })
  desk = createEdgeDesk(rig.deps, () => {})
  desk.open()
  clientAuthorities = createClientAuthorities(clientCaFile())
  edge = handshake()
})
afterEach(async () => {
  await desk.close()
  await rig.stop()
})

const clientCaFile = () => join(rig.config.secretsDir, 'client-ca.pem')

function handshake(withinMs?: number): EdgeHandshake {
  const { config, snapshot } = rig
  return createEdgeHandshake({
    ...{ folder: join(config.dataDir, 'edge'), secretsDir: config.secretsDir, started: snapshot },
    ...{ facts: { loopback: loopbackAddresses() }, hasOwnFiles: false },
    readTrust: clientAuthorities.read,
    ...(withinMs === undefined ? {} : { withinMs }),
  })
}

/** The same without its hooks site: seen from outside, because nobody listens there any more. */
function withoutHooks(): PolicySnapshot {
  const { hooks: _, ...sites } = rig.snapshot.edge.sites
  return { ...rig.snapshot, edge: { ...rig.snapshot.edge, sites } }
}

function unacceptable(): PolicySnapshot {
  const tls = { mode: 'files', certificate: 'secret:none.pem', key: 'secret:none.key' } as const
  return { ...rig.snapshot, edge: { ...rig.snapshot.edge, tls } }
}

async function hooksAnswer(): Promise<boolean> {
  const port = rig.config.ports.hooks
  return (await sendRaw(get('/hooks/x', `localhost:${port}`), { port, ca: rig.ca })).kind === 'answered'
}

const inFolder = (name: string) => readdirSync(join(rig.config.dataDir, 'edge', name)).length

test('asks nothing for the part that Caddy started with, and puts another one in force', async () => {
  assert.deepEqual(await edge.put(rig.snapshot), { ok: true, reloaded: false })
  assert.equal(await hooksAnswer(), true)
  assert.deepEqual(await edge.put(withoutHooks()), { ok: true, reloaded: true })
  assert.equal(await hooksAnswer(), false)
  await rig.restart('SIGKILL')
  assert.deepEqual(Object.keys(servedEdge(rig.config).sites), ['api', 'keys', 'dashboard'])
  assert.deepEqual(await edge.put(withoutHooks()), { ok: true, reloaded: false })
  assert.deepEqual([inFolder('next'), inFolder('result')], [1, 1], 'nothing of the time before is left')
  assert.deepEqual(await edge.putBack(rig.snapshot), { ok: true, reloaded: true })
  assert.equal(await hooksAnswer(), true)
})

test('asks again for the same part when a file that it names has changed', async () => {
  writeFileSync(join(rig.config.secretsDir, 'basic-oncall'), `${hashPassword('another')}\n`)
  assert.deepEqual(await handshake().put(rig.snapshot), { ok: true, reloaded: false }, 'read at the start')
  writeFileSync(join(rig.config.secretsDir, 'basic-oncall'), `${hashPassword('a third')}\n`)
  assert.deepEqual(await edge.put(rig.snapshot), { ok: true, reloaded: true })
})

test('takes another client CA up together with Caddy, which the process before had not asked to read it', async () => {
  const port = rig.config.ports.api
  const isLetIn = async (client: CertificateAndKey) =>
    (await sendRaw(get('/v1', `localhost:${port}`), { port, ca: rig.ca, client })).kind === 'answered'
  const nextCa = await createTestAuthority('Next client CA')
  const [honest, ofNextCa] = [await rig.clientCa.issue(), await nextCa.issue()]
  const names = () => clientAuthorities.current().map(({ subject }) => subject)
  const [before] = names()
  assert.deepEqual(await edge.put(rig.snapshot), { ok: true, reloaded: false })
  writeFileSync(clientCaFile(), 'no certificate')
  const refused = await edge.put(rig.snapshot)
  assert.ok(!refused.ok && /holds no certificate/.test(refused.error))
  writeFileSync(clientCaFile(), nextCa.cert)
  assert.deepEqual([await isLetIn(honest), await isLetIn(ofNextCa), names()], [true, false, [before]])
  assert.deepEqual(await handshake().put(rig.snapshot), { ok: true, reloaded: true })
  assert.deepEqual(
    [await isLetIn(honest), await isLetIn(ofNextCa), names()],
    [false, true, ['O=Postern\nCN=Next client CA']],
  )
})

test('has Caddy show a renewed certificate to the app without a restart, and the one before until then', async () => {
  const { config, snapshot, upstream } = rig
  const hop = createHopFiles(config.secretsDir)
  const port = config.ports.api
  const client = await rig.clientCa.issue()
  const shown = async () => {
    const answer = await sendRaw(get('/v1', `localhost:${port}`), { port, ca: rig.ca, client })
    assert.equal(answer.kind, 'answered')
    return upstream.seen.at(-1)?.peerSerial
  }
  const onDisk = () => new X509Certificate(readFileSync(join(config.secretsDir, 'proxy.pem'))).serialNumber
  const before = onDisk()
  assert.deepEqual(await edge.put(snapshot), { ok: true, reloaded: false })
  const put: Promise<unknown>[] = []
  const watch = createHopWatch({
    ...{ hop, log: silentLog, everyMs: 50 },
    agreeWithEdge: () => put.push(edge.put(snapshot)),
  })
  rmSync(join(config.secretsDir, 'proxy.pem'))
  assert.equal(await ensureHopEnd(config, 'proxy', new Date()), true)
  assert.notEqual(onDisk(), before)
  assert.equal(await shown(), before)
  watch.start()
  while (put.length === 0) await sleep(20)
  await watch.stop()
  assert.deepEqual(await put[0], { ok: true, reloaded: true })
  assert.equal(await shown(), onDisk())
})

test('tells what Caddy refuses, and Caddy goes on with what it had', async () => {
  const current = readFileSync(join(rig.config.dataDir, 'edge', 'current.caddy'), 'utf8')
  const refused = await edge.put(unacceptable())
  assert.ok(!refused.ok && !refused.silent)
  assert.match(refused.error, /none\.pem/)
  assert.equal(await hooksAnswer(), true)
  assert.equal(readFileSync(join(rig.config.dataDir, 'edge', 'current.caddy'), 'utf8'), current)
  assert.equal(inFolder('next'), 1, 'an edge side that starts anew does not meet the part that was refused')
  assert.deepEqual(await edge.put(rig.snapshot), { ok: true, reloaded: false })
})

test('an edge side that does not answer in time has not agreed, and takes nothing up later', async () => {
  await desk.close()
  const answer = await handshake(200).put(withoutHooks())
  assert.ok(!answer.ok && answer.silent)
  assert.equal(inFolder('next'), 1)
  assert.equal(await hooksAnswer(), true)
})
