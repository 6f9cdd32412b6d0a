import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { eventually } from '../gateway/sandbox.ts'
import { get, type RawAnswer, sendRaw } from './raw-request.ts'
import { PASSWORD, type Rig, startRig } from './rig.ts'
import { headerOf, type Seen } from './upstream.ts'

const OUTSIDE = '192.0.2.0/24'

let rig: Rig
let honest: CertificateAndKey

before(async () => {
  rig = await startRig({ portBase: 27_100 })
  honest = await rig.clientCa.issue()
})
after(() => rig.stop())

type SiteName = 'api' | 'keys' | 'dashboard' | 'hooks'

function send(site: SiteName, headers: readonly string[], path = '/hooks/x'): Promise<RawAnswer> {
  const port = rig.config.ports[site]
  return sendRaw(get(path, `localhost:${port}`, headers), { port, ca: rig.ca, client: honest })
}

async function seenThrough(site: SiteName, headers: readonly string[]): Promise<Seen> {
  const answer = await send(site, headers)
  assert.ok(answer.kind === 'answered' && answer.status === 200, JSON.stringify(answer))
  return JSON.parse(answer.body) as Seen
}

function basic(user: string, password: string): string {
  return `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

test('passes the headers on that are the caller’s to choose', async () => {
  const seen = await seenThrough('api', ['Idempotency-Key: k1', 'Authorization: Bearer t', 'Webhook-Id: w'])
  assert.equal(headerOf(seen, 'idempotency-key'), 'k1')
  assert.equal(headerOf(seen, 'authorization'), 'Bearer t')
  assert.equal(headerOf(seen, 'webhook-id'), 'w')
})

test('carries no cookie but to the dashboard, and no password even there', async () => {
  assert.equal(headerOf(await seenThrough('api', ['Cookie: s=1']), 'cookie'), undefined)
  assert.equal(headerOf(await seenThrough('keys', ['Cookie: s=1']), 'cookie'), undefined)
  const seen = await seenThrough('dashboard', ['Cookie: s=1', basic('oncall', PASSWORD)])
  assert.equal(headerOf(seen, 'cookie'), 's=1')
  assert.equal(headerOf(seen, 'authorization'), undefined)
})

for (const [name, headers] of [
  ['no password', []],
  ['a wrong password', [basic('oncall', 'wrong')]],
  ['an unknown user', [basic('root', PASSWORD)]],
  ['an empty password', [basic('oncall', '')]],
  ['a bearer token', ['Authorization: Bearer oncall']],
] as const) {
  test(`answers 401 on the dashboard to ${name}, as problem details`, async () => {
    const before = rig.upstream.seen.length
    const answer = await send('dashboard', headers, '/')
    assert.ok(answer.kind === 'answered' && answer.status === 401)
    assert.match(answer.head, /^www-authenticate: Basic realm="Postern"/im)
    assert.match(answer.head, /^content-type: application\/problem\+json/im)
    assert.deepEqual(JSON.parse(answer.body), {
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'edge.401',
    })
    assert.equal(rig.upstream.seen.length, before)
  })
}

test('asks the app about who brings a password, without it, and about nobody else', async () => {
  const before = rig.upstream.asked.length
  await send('dashboard', [], '/')
  for (const password of [PASSWORD, 'wrong'])
    await send('dashboard', ['Cookie: s=1', 'Postern-Ask: forged', basic('oncall', password)], '/secret?q=1')
  const asked = rig.upstream.asked.slice(before)
  const questions = asked.map(seen => headerOf(seen, 'postern-ask'))
  assert.deepEqual(questions, ['may-guess', 'may-guess', 'guessed-wrong'])
  for (const seen of asked) {
    assert.deepEqual([seen.method, seen.url.replace('?', ''), seen.body], ['GET', '/', ''])
    for (const name of ['authorization', 'cookie']) assert.equal(headerOf(seen, name), undefined)
    assert.match(headerOf(seen, 'postern-remote-ip') ?? '', /^(127\.0\.0\.1|::1)$/)
  }
})

test('says neither its product nor the way it came, in answers of the app and of its own', async () => {
  for (const answer of [await send('api', []), await send('dashboard', []), await send('hooks', [], '/v1')]) {
    assert.ok(answer.kind === 'answered')
    assert.ok(!/^(server|via|alt-svc):/im.test(answer.head), answer.head)
  }
})

test('marks its own answers as no pages, each mark once, and leaves those of the app as they are', async () => {
  const marks = ['content-security-policy', 'x-content-type-options', 'x-frame-options', 'referrer-policy']
  const wrong = basic('oncall', 'wrong')
  for (const answer of [
    await send('dashboard', [], '/'),
    await send('dashboard', [wrong], '/'),
    await send('hooks', [], '/v1'),
    await send('api', [], '//'),
  ]) {
    assert.ok(answer.kind === 'answered' && answer.status >= 400)
    for (const mark of marks)
      assert.equal(answer.head.match(new RegExp(`^${mark}: `, 'gim'))?.length, 1, mark)
  }
  const served = await send('api', [])
  assert.ok(served.kind === 'answered' && !/^(content-security-policy|x-frame-options):/im.test(served.head))
})

test('sends what is not below /hooks away on the hooks site', async () => {
  for (const path of ['/v1/accounts', '/', '/hooks', '/livez']) {
    const answer = await send('hooks', [], path)
    assert.ok(answer.kind === 'answered' && answer.status === 404, path)
  }
})

test('writes no header, query or phone number of a caller into its logs', async () => {
  const secrets = [
    'whsig-secret',
    'sha256=hubsecret',
    'v0=slacksecret',
    'querysecret',
    'pk_bearersecret',
    'cookiesecret',
  ]
  await send(
    'keys',
    [
      `webhook-signature: ${secrets[0]}`,
      `X-Hub-Signature-256: ${secrets[1]}`,
      `X-Slack-Signature: ${secrets[2]}`,
      `Authorization: Bearer ${secrets[4]}`,
      `Cookie: s=${secrets[5]}`,
      `Referer: https://x.example/?q=${secrets[3]}`,
    ],
    `/v1/contacts/%2B12025550177/marker?token=${secrets[3]}`,
  )
  await send('api', [], '/v1/marker')
  const logs = await eventually('both requests in the log', async () => {
    const logged = rig.logs()
    return [/\/contacts\/\S*\/marker/, /\/v1\/marker/].every(line => line.test(logged)) ? logged : undefined
  })
  assert.match(logs, /\/v1\/contacts\/\*\/marker/)
  const der = honest.cert.split('\n')[3] ?? 'no certificate'
  for (const secret of [...secrets, '12025550177', der, PASSWORD]) {
    assert.ok(!logs.includes(secret), `${secret} is in the logs`)
  }
})

test('cuts strangers off before it hashes a password', async () => {
  const closed = await startRig({
    portBase: 27_150,
    networks: { office: [OUTSIDE] },
    siteNetworks: { dashboard: ['office'], keys: ['office'], hooks: ['office'] },
  })
  try {
    const used = cpuTicks(closed.pid())
    const port = closed.config.ports.dashboard
    for (let i = 0; i < 20; i++) {
      const request = get('/', `localhost:${port}`, [basic('oncall', `wrong ${i}`)])
      assert.equal((await sendRaw(request, { port, ca: closed.ca })).kind, 'closed')
    }
    for (const site of ['keys', 'hooks'] as const) {
      const to = closed.config.ports[site]
      const answer = await sendRaw(get('/hooks/x', `localhost:${to}`), { port: to, ca: closed.ca })
      assert.equal(answer.kind, 'closed', site)
    }
    assert.equal(closed.upstream.seen.length, 0)
    // 20 hashes take a second and more of processor time; 20 refused connections a few hundredths.
    assert.ok(cpuTicks(closed.pid()) - used < 40, `${cpuTicks(closed.pid()) - used} ticks`)
  } finally {
    await closed.stop()
  }
})

test('hashes no password for a name that is nobody’s: each costs 46 MiB, and strangers can ask for many at once', async () => {
  const strangers = ['root', 'oncal', 'oncall2', 'oncall9', 'oncall;', 'ONCALL', ''].flatMap(name =>
    Array.from({ length: 4 }, (_, i) => basic(name, `guess ${name} ${i}`)),
  )
  const used = cpuTicks(rig.pid())
  for (const header of [...strangers, 'Authorization: Basic', 'Authorization: Basic b25jYWxs']) {
    const answer = await send('dashboard', [header], '/')
    assert.equal(answer.kind === 'answered' && answer.status, 401, header)
  }
  const [root, oncall] = [basic('root', PASSWORD), basic('oncall', PASSWORD)]
  const twice = Array.from({ length: 8 }, (_, i) => [basic('root', `guess ${i}`), oncall])
  for (const headers of [...twice, [oncall, root], [oncall, oncall]]) {
    const answer = await send('dashboard', headers, '/')
    assert.equal(answer.kind === 'answered' && answer.status, 401, headers.join(' + '))
  }
  assert.ok(cpuTicks(rig.pid()) - used < 60, `${cpuTicks(rig.pid()) - used} ticks`)
  const known = await send('dashboard', [basic('oncall', PASSWORD).replace('Basic', 'basic')], '/')
  assert.equal(known.kind === 'answered' && known.status, 200)
})

/** Processor time of a process so far, in hundredths of a second. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}
