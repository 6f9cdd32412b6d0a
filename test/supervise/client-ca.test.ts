import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { get, open, sendRaw } from '../edge/raw-request.ts'
import { createTestAuthority, type TestAuthority } from '../helpers/certificates.ts'
import { type Appliance, startAppliance } from './appliance/running.ts'
import { POLICY } from './policies.ts'

const skip = process.env.TEST_LONG === '1' ? false : 'a whole appliance for two tests: --long'

let appliance: Appliance
let nextCa: TestAuthority
let old: CertificateAndKey
let next: CertificateAndKey
before(async () => {
  if (skip !== false) return
  appliance = await startAppliance(POLICY)
  nextCa = await createTestAuthority('Next client CA')
  ;[old, next] = await Promise.all([appliance.clientCa.issue(), nextCa.issue()])
})
after(async () => {
  if (skip === false) await appliance.dispose()
})

/**
 * Connections that wait to be accepted when Caddy closes its old socket beside the new one: Linux drops them, unless
 * net.ipv4.tcp_migrate_req is set. Nothing of a request has been read by then, so that a client can ask again.
 */
const MOST_UNHEARD = 2

const clientCaFile = () => join(appliance.secretsDir, 'client-ca.pem')

/** The status of the app's own answer; `closed` where Caddy lets nothing through. */
async function answered(client: CertificateAndKey): Promise<number | 'closed'> {
  const port = appliance.base + 43
  const options = { port, ca: appliance.edgeCa(), client }
  const answer = await sendRaw(get('/v1/whoami', `localhost:${port}`), options)
  return answer.kind === 'answered' ? answer.status : 'closed'
}

const both = async () => [await answered(old), await answered(next)]

/** Asks on connections of their own until told to stop; answers every status. */
function flow(client: CertificateAndKey): () => Promise<readonly (number | 'closed')[]> {
  const statuses: (number | 'closed')[] = []
  let flowing = true
  const asking = (async () => {
    while (flowing) statuses.push(await answered(client))
  })()
  return async () => {
    flowing = false
    await asking
    return statuses
  }
}

test('another client CA counts on both sides from an apply on, and no request that was heard fails over the change', {
  skip,
}, async () => {
  assert.deepEqual(await both(), [200, 'closed'])
  const oldCa = readFileSync(clientCaFile(), 'utf8')
  writeFileSync(clientCaFile(), `${oldCa}\n${nextCa.cert}`)
  assert.deepEqual(await both(), [200, 'closed'], 'a file alone changes nothing')

  const stop = flow(old)
  const underWay = appliance.api(old, '/v1/events?wait=5')
  const beside = await appliance.policy('apply')
  assert.equal(beside.code, 0, beside.said)
  assert.match(beside.said, /^r1 is in force already: .*, the edge was reloaded$/m)
  assert.deepEqual(await both(), [200, 200])
  const statuses = await stop()
  const answers = statuses.filter(status => status !== 'closed')
  assert.deepEqual(new Set(answers), new Set([200]), 'no request that was heard fails')
  assert.ok(statuses.length - answers.length <= MOST_UNHEARD, statuses.join())
  assert.equal((await underWay).status, 200, 'one that was under way ends well')

  writeFileSync(clientCaFile(), nextCa.cert)
  const alone = await appliance.policy('apply')
  assert.equal(alone.code, 0, alone.said)
  assert.deepEqual(await both(), ['closed', 200])

  writeFileSync(clientCaFile(), 'no certificate')
  const refused = await appliance.policy('apply')
  assert.equal(refused.code, 3, refused.said)
  assert.match(refused.said, /holds no certificate/)
  assert.deepEqual(await both(), ['closed', 200])
  writeFileSync(clientCaFile(), nextCa.cert)
})

test('another time limit counts at Caddy without a restart', { skip }, async () => {
  const { app, caddy } = appliance.pids()
  appliance.write(POLICY.replace('headerTimeout: 5s', 'headerTimeout: 10m'))
  assert.equal((await appliance.policy('apply')).code, 0)
  const patient = slow()
  const longerThanBefore = new Promise(resolve => setTimeout(resolve, 7_000, 'open'))
  assert.equal(await Promise.race([patient, longerThanBefore]), 'open')
  appliance.write(POLICY.replace('headerTimeout: 5s', 'headerTimeout: 1s'))
  assert.equal((await appliance.policy('apply')).code, 0)
  assert.equal(await slow(), 'closed')
  const { app: appNow, caddy: caddyNow } = appliance.pids()
  assert.deepEqual([appNow, caddyNow], [app, caddy])
})

/** A request whose headers never end; resolves when somebody has had enough of it. */
function slow(): Promise<'closed'> {
  const socket = open({ port: appliance.base + 43, ca: appliance.edgeCa(), client: next })
  socket.on('error', () => {}).resume()
  socket.once('secureConnect', () => socket.write('GET /v1/whoami HTTP/1.1\r\n'))
  return new Promise(resolve => socket.once('close', () => resolve('closed')))
}
