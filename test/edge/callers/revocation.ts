import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mock, type TestContext, test } from 'node:test'
import { pkiCommand } from '../../../app/cli/pki.ts'
import type { CertificateAndKey } from '../../../app/identity/pki/certificate.ts'
import { testPolicy } from '../../http/running-policy.ts'
import { readSentEvents, readWebSocket, reasonOf } from '../../http/stream-clients.ts'
import type { AppRig } from '../app-rig.ts'
import { ask, hashOf, KEY } from './ask.ts'

const BEARER = { authorization: `Bearer ${KEY}` }

/** Runs `pki …` on the machine of the appliance, and gives the JSON that it printed. */
export async function pki(rig: AppRig, ...args: string[]): Promise<Record<string, string>> {
  const log = mock.method(console, 'log', () => {})
  try {
    await pkiCommand({ configure: () => rig.config }).parseAsync([...args, '--json'], { from: 'user' })
    return JSON.parse(String(log.mock.calls[0]?.arguments[0]))
  } finally {
    log.mock.restore()
  }
}

async function issued(rig: AppRig, name: string) {
  const { cert_file = '', key_file = '', serial = '' } = await pki(rig, 'renew', name)
  return { cert: readFileSync(cert_file, 'utf8'), key: readFileSync(key_file, 'utf8'), serial }
}

const statusOf = async (rig: AppRig, client: CertificateAndKey) => (await ask(rig, client, {})).told

/** What is done to a service while it reads. */
const ENDS: Readonly<Record<string, (rig: AppRig) => void>> = {
  'its principal leaves the policy': rig => {
    const { principals } = testPolicy()
    rig.setPolicy({ principals: new Map([...principals].filter(([name]) => name !== 'reports')) })
  },
  'its principal expires': rig => {
    const { principals } = testPolicy()
    const reports = principals.get('reports') ?? assert.fail()
    const expiresAt = new Date(Date.now() + 300)
    rig.setPolicy({ principals: new Map([...principals, ['reports', { ...reports, expiresAt }]]) })
  },
  'its key is replaced': rig => {
    rig.secrets['secret:key-reports'] = hashOf('another')
  },
}

/** What ends a credential ends what streams on with it. */
export function revocationTests(rigOf: () => AppRig): void {
  test('pki revoke counts from the next request on, ends open streams within 2 s and leaves others alone', async t => {
    const rig = rigOf()
    const [lost, other] = [await issued(rig, 'billing'), await issued(rig, 'narrow')]
    const [first, second, last] = await Promise.all([
      readSentEvents(rig.to('api', { client: lost }), { path: '/v1/events' }),
      readWebSocket(rig.to('api', { client: lost }), { path: '/v1/events' }),
      readSentEvents(rig.to('api', { client: other }), { path: '/v1/events' }),
    ])
    assert.ok('items' in second)
    assert.deepEqual([await statusOf(rig, lost), await statusOf(rig, other)], ['200 billing', '200 narrow'])
    const done = await pki(rig, 'revoke', 'billing', '--reason', 'laptop lost')
    const at = performance.now()
    assert.deepEqual(done.files, ['policy.yaml'])
    assert.deepEqual(
      [await statusOf(rig, lost), await statusOf(rig, other)],
      ['401 unauthenticated', '200 narrow'],
    )
    await Promise.all([first.ended, second.ended])
    soon(at, t)
    assert.deepEqual([reasonOf(first), reasonOf(second), reasonOf(last)], ['revoked', 'revoked', undefined])
    last.leave()
    const written = readFileSync(join(rig.config.policiesDir, 'policy.yaml'), 'utf8')
    assert.match(
      written,
      new RegExp(`- \\{ serial: "${lost.serial}", since: [0-9-]+, reason: laptop lost \\}`),
    )
    const renewed = await issued(rig, 'billing')
    assert.equal(await statusOf(rig, renewed), '200 billing')
  })

  test('streams of an API key end within 2 s when it counts no more', async t => {
    const rig = rigOf()
    for (const [name, change] of Object.entries(ENDS)) {
      await t.test(`because ${name}`, async t => {
        const before = { ...rig.secrets }
        const readers = await Promise.all([
          readSentEvents(rig.to('keys', { headers: BEARER }), { path: '/v1/events' }),
          readWebSocket(rig.to('keys', { headers: BEARER }), { path: '/v1/events' }),
        ])
        change(rig)
        const at = performance.now()
        for (const reader of readers) await ('ended' in reader ? reader.ended : assert.fail())
        soon(at, t)
        const again = await readSentEvents(rig.to('keys', { headers: BEARER }), { path: '/v1/events' })
        assert.ok([401, 403].includes(again.status), `${again.status}`)
        rig.setPolicy({ principals: testPolicy().principals })
        Object.assign(rig.secrets, before)
      })
    }
  })
}

/** Streams look again each second, so that a busy machine has another one. */
function soon(since: number, t: TestContext): void {
  const tookMs = Math.round(performance.now() - since)
  t.diagnostic(`after ${tookMs} ms`)
  assert.ok(tookMs < 2_000, `${tookMs} ms`)
}
