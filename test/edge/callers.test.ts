import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, mock, type TestContext, test } from 'node:test'
import { pkiCommand } from '../../app/cli/pki.ts'
import type { Limit } from '../../app/policy/snapshot.ts'
import { testPolicy } from '../http/running-policy.ts'
import { readSentEvents, readWebSocket, reasonOf } from '../http/stream-clients.ts'
import { type AppRig, startAppRig } from './app-rig.ts'
import { get, sendRaw } from './raw-request.ts'
import { PASSWORD } from './rig.ts'

const KEY = `pk_${'k'.repeat(43)}`
const BEARER = { authorization: `Bearer ${KEY}` }
/** What lies in the secrets folder of the app; tests may replace it. */
const secrets = { 'secret:key-reports': createHash('sha256').update(KEY).digest('hex') }

let rig: AppRig
before(async () => {
  rig = await startAppRig({ portBase: 27_700, secrets })
})
after(() => rig.stop())

/** Runs `pki …` on the machine of the appliance, and gives the JSON that it printed. */
async function pki(...args: string[]): Promise<Record<string, string>> {
  const log = mock.method(console, 'log', () => {})
  try {
    await pkiCommand({ configure: () => rig.config }).parseAsync([...args, '--json'], { from: 'user' })
    return JSON.parse(String(log.mock.calls[0]?.arguments[0]))
  } finally {
    log.mock.restore()
  }
}

async function issued(name: string) {
  const { cert_file = '', key_file = '', serial = '' } = await pki('renew', name)
  return { cert: readFileSync(cert_file, 'utf8'), key: readFileSync(key_file, 'utf8'), serial }
}

async function statusOf(client: { cert: string; key: string }): Promise<number | string> {
  const { api: port } = rig.ports
  const answer = await sendRaw(get('/v1/whoami', `localhost:${port}`), { port, ca: rig.edge.ca, client })
  return answer.kind === 'answered' ? answer.status : answer.kind
}

test('pki revoke counts from the next request on, ends open streams within 2 s and leaves others alone', async t => {
  const [lost, other] = [await issued('billing'), await issued('narrow')]
  const [first, second, last] = await Promise.all([
    readSentEvents(rig.to('api', { client: lost }), { path: '/v1/events' }),
    readWebSocket(rig.to('api', { client: lost }), { path: '/v1/events' }),
    readSentEvents(rig.to('api', { client: other }), { path: '/v1/events' }),
  ])
  assert.ok('items' in second)
  assert.deepEqual([await statusOf(lost), await statusOf(other)], [200, 200])
  const done = await pki('revoke', 'billing', '--reason', 'laptop lost')
  const at = performance.now()
  assert.deepEqual(done.files, ['policy.yaml'])
  assert.deepEqual([await statusOf(lost), await statusOf(other)], [401, 200])
  await Promise.all([first.ended, second.ended])
  soon(at, t)
  assert.deepEqual([reasonOf(first), reasonOf(second), reasonOf(last)], ['revoked', 'revoked', undefined])
  last.leave()
  const written = readFileSync(join(rig.config.policiesDir, 'policy.yaml'), 'utf8')
  assert.match(written, new RegExp(`- \\{ serial: "${lost.serial}", since: [0-9-]+, reason: laptop lost \\}`))
  const renewed = await issued('billing')
  assert.equal(await statusOf(renewed), 200)
})

/** A service and what is done to it while it reads. */
const ENDS = {
  'its principal leaves the policy': () => {
    const { principals } = testPolicy()
    rig.setPolicy({ principals: new Map([...principals].filter(([name]) => name !== 'reports')) })
  },
  'its principal expires': () => {
    const { principals } = testPolicy()
    const reports = principals.get('reports') ?? assert.fail()
    const expiresAt = new Date(Date.now() + 300)
    rig.setPolicy({ principals: new Map([...principals, ['reports', { ...reports, expiresAt }]]) })
  },
  'its key is replaced': () => {
    secrets['secret:key-reports'] = createHash('sha256').update('another').digest('hex')
  },
}

test('streams of an API key end within 2 s when it counts no more', async t => {
  for (const [name, change] of Object.entries(ENDS)) {
    await t.test(`because ${name}`, async t => {
      const before = { ...secrets }
      const readers = await Promise.all([
        readSentEvents(rig.to('keys', { headers: BEARER }), { path: '/v1/events' }),
        readWebSocket(rig.to('keys', { headers: BEARER }), { path: '/v1/events' }),
      ])
      change()
      const at = performance.now()
      for (const reader of readers) await ('ended' in reader ? reader.ended : assert.fail())
      soon(at, t)
      const again = await readSentEvents(rig.to('keys', { headers: BEARER }), { path: '/v1/events' })
      assert.ok([401, 403].includes(again.status), `${again.status}`)
      rig.setPolicy({ principals: testPolicy().principals })
      Object.assign(secrets, before)
    })
  }
})

const BLOCKING: Limit = {
  ...{ name: 'failed-auth', key: ['remoteIp'], count: 3, periodMs: 300_000, burst: 3 },
  ...{ onExceed: 'block', blockForMs: 900_000 },
}

/** Asks the dashboard from an address of its own, and gives status and code. */
async function dashboard(from: string, password?: string): Promise<string> {
  const { dashboard: port } = rig.ports
  const basic = `Authorization: Basic ${Buffer.from(`oncall:${password}`).toString('base64')}`
  const request = get('/v1/whoami', `localhost:${port}`, password === undefined ? [] : [basic])
  const tls = { host: '127.0.0.1', localAddress: from }
  const answer = await sendRaw(request, { port, ca: rig.edge.ca, tls })
  return answer.kind === 'answered' ? `${answer.status} ${JSON.parse(answer.body).code ?? ''}` : answer.kind
}

test('an address that guesses passwords is kept out of every site, with the right one too', async () => {
  rig.setPolicy({ limits: new Map([[BLOCKING.name, BLOCKING]]) })
  const [guesser, other] = ['127.0.3.1', '127.0.3.2']
  for (let i = 0; i < 8; i++)
    assert.equal(await dashboard(guesser), '401 edge.401', 'a first visit is no guess')
  for (let i = 0; i < 3; i++) {
    assert.equal(await dashboard(guesser, PASSWORD), '200 ')
    assert.equal(await dashboard(guesser, 'wrong'), '401 edge.401')
  }
  assert.equal(await dashboard(guesser, 'wrong'), '429 blocked')
  assert.equal(await dashboard(guesser, PASSWORD), '429 blocked')
  assert.equal(await dashboard(other, PASSWORD), '200 ')
  const client = await issued('narrow')
  const { api: port } = rig.ports
  for (const [localAddress, want] of [
    [guesser, 429],
    [other, 200],
  ] as const) {
    const tls = { host: '127.0.0.1', localAddress }
    const answer = await sendRaw(get('/v1/whoami', `localhost:${port}`), {
      port,
      ca: rig.edge.ca,
      client,
      tls,
    })
    assert.equal(answer.kind === 'answered' && answer.status, want)
  }
  const { items } = await rig.http.store.events.list({ limit: 100 })
  const alerts = items.filter(
    ({ type, data }) => type === 'security.alert' && data.reason === 'auth_failures',
  )
  assert.deepEqual(
    alerts.map(({ data }) => data.ip),
    [guesser],
  )
  const audit = await rig.http.store.audit.list({ action: 'auth.refused', limit: 200 })
  const entries = audit.items.filter(({ ip }) => ip === guesser)
  assert.deepEqual(
    entries.map(({ detail }) => detail?.reason),
    Array.from({ length: 4 }, () => 'wrong_password'),
  )
  rig.setPolicy({ limits: new Map() })
})

/** Streams look again each second and need 2 s at most; a machine that is busy with other things gets a little longer. */
function soon(since: number, t: TestContext): void {
  const tookMs = Math.round(performance.now() - since)
  t.diagnostic(`after ${tookMs} ms`)
  assert.ok(tookMs < 5_000, `${tookMs} ms`)
}
