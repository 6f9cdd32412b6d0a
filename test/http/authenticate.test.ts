import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { createTestAuthority, daysFromNow } from '../helpers/certificates.ts'
import { type Answer, headerOf, type RunningHttp, startHttp } from './running-http.ts'
import { testPolicy } from './running-policy.ts'

const KEY = `pk_${'k'.repeat(43)}`
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex')
const uris = ['spiffe://postern/client/billing']

let http: RunningHttp
before(async () => (http = await startHttp({ secrets: { 'secret:key-reports': `${hashOf(KEY)}\n` } })))
after(() => http.stop())

async function showing(cert: string, from = '127.0.0.1'): Promise<Answer> {
  return http.ask({ path: '/v1/whoami', headers: { 'client-cert': cert }, from })
}

function refused(answer: Answer, detail: RegExp): void {
  assert.equal(answer.status, 401)
  assert.equal(answer.json.code, 'unauthenticated')
  assert.match(answer.json.detail, detail)
}

describe('the api site takes certificates', () => {
  test('an honest one is known', async () => {
    const cert = await http.certOf('billing')
    const answer = await showing(cert)
    assert.equal(answer.status, 200)
    const { serialNumber } = new X509Certificate(Buffer.from(cert.slice(1, -1), 'base64'))
    assert.equal(answer.json.principal, 'billing')
    assert.equal(answer.json.credential.serial, serialNumber.toLowerCase())
    assert.equal(answer.json.network, 'loopback')
    assert.equal(answer.json.policy.revision, 'r7')
    assert.equal(answer.json.sandbox, false)
  })

  // Each of these differs from the honest one in one thing; every address is its own, so that no limit stands in.
  const faulty = [
    ['expired', { notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) }, /expired/],
    ['not valid yet', { notBefore: daysFromNow(1), notAfter: daysFromNow(9) }, /not valid yet/],
    ['not for clients', { usages: ['serverAuth'] }, /clientAuth/],
    ['without any extended key usage', { usages: [] }, /clientAuth/],
    ['without a URI', { uris: [], dnsNames: ['billing'] }, /exactly one URI/],
    ['with two URIs', { uris: [...uris, 'spiffe://postern/client/narrow'] }, /exactly one URI/],
    ['of a client the policy does not name', { uris: ['spiffe://postern/client/stranger'] }, /no principal/],
    ['whose name only begins like one', { uris: ['spiffe://postern/client/billing/x'] }, /no principal/],
  ] as const
  for (const [index, [name, request, detail]] of faulty.entries()) {
    test(`one ${name} is refused`, async () => {
      const { cert } = await http.clients.issue({ uris, ...request })
      refused(await showing(headerOf(cert), `127.1.0.${index}`), detail)
    })
  }

  test('one of another authority is refused, also when that has the same name', async () => {
    const foreign = await createTestAuthority('Clients')
    const { cert } = await foreign.issue({ uris })
    refused(await showing(headerOf(cert)), /not issued by/)
  })

  test('the client CA is asked for at each request: another may take its place, or stand beside it for a while', async () => {
    const next = await createTestAuthority('Next clients')
    const { cert } = await next.issue({ uris })
    const both = async () => [
      (await showing(await http.certOf('billing'), '127.3.0.2')).status,
      (await showing(headerOf(cert), '127.3.0.1')).status,
    ]
    assert.deepEqual(await both(), [200, 401])
    http.setClientCa(`${http.clients.cert}\n${next.cert}`)
    assert.deepEqual(await both(), [200, 200])
    http.setClientCa(next.cert)
    assert.deepEqual(await both(), [401, 200])
    http.setClientCa(http.clients.cert)
  })

  test('one whose name was changed after it was signed is refused', async () => {
    const { cert } = await http.clients.issue({ uris: ['spiffe://postern/client/nothing'] })
    const der = Buffer.from(headerOf(cert).slice(1, -1), 'base64')
    der.write('billing', der.indexOf('nothing'))
    refused(await showing(`:${der.toString('base64')}:`, '127.2.0.3'), /not issued by/)
  })

  test('one of the internal authority is refused', async () => {
    const { cert } = await http.internal.issue({ uris })
    refused(await showing(headerOf(cert)), /not issued by/)
  })

  test('the authority’s own is refused', async () => {
    refused(await showing(headerOf(http.clients.cert)), /authority/)
  })

  test('one is refused from the request on that follows its revocation', async () => {
    const { cert } = await http.clients.issue({ uris })
    const header = headerOf(cert)
    assert.equal((await showing(header)).status, 200)
    http.setPolicy({ revokedSerials: new Set([new X509Certificate(cert).serialNumber.toLowerCase()]) })
    refused(await showing(header), /revoked/)
    const events = await http.store.events.list({ limit: 10 })
    assert.equal(events.items[0]?.data.reason, 'revoked_certificate')
    http.setPolicy({ revokedSerials: new Set() })
    assert.equal((await showing(header)).status, 200)
  })

  test('none is no certificate, in every way of writing it', async () => {
    refused(await showing('::', '127.2.0.1'), /certificate is required/)
    refused(await http.ask({ path: '/v1/whoami', from: '127.2.0.1' }), /certificate is required/)
  })

  test('what is no certificate is not read', async () => {
    const good = await http.certOf('billing')
    const pem = Buffer.from(
      `-----BEGIN CERTIFICATE-----\n${good.slice(1, -1)}\n-----END CERTIFICATE-----\n`,
    ).toString('base64')
    const longer = Buffer.concat([Buffer.from(good.slice(1, -1), 'base64'), Buffer.from('more')])
    const all = [
      good.slice(1, -1),
      `${good}, ${good}`,
      ':QUJD:',
      `:${pem}:`,
      `:${longer.toString('base64')}:`,
    ]
    for (const header of all) refused(await showing(header, '127.2.0.2'), /cannot be read/)
  })

  test('an API key and a basic-auth user mean nothing there', async () => {
    const headers = { authorization: `Bearer ${KEY}`, 'postern-basic-user': 'oncall' }
    refused(await http.ask({ path: '/v1/whoami', headers }), /certificate is required/)
    const answer = await http.ask({ path: '/v1/whoami', headers, as: 'narrow' })
    assert.equal(answer.json.principal, 'narrow')
  })
})

describe('the keys site takes API keys', () => {
  const showKey = (authorization: string, from = '127.3.0.1') =>
    http.ask({ path: '/v1/whoami', site: 'keys', from, headers: { authorization } })

  test('a good one is known', async () => {
    const answer = await showKey(`Bearer ${KEY}`)
    assert.equal(answer.status, 200)
    assert.equal(answer.json.principal, 'reports')
    assert.deepEqual(answer.json.credential, { kind: 'api_key', id: hashOf(KEY).slice(0, 12) })
    assert.equal((await showKey(`bearer ${KEY}`)).status, 200)
  })

  test('others are refused', async () => {
    const wrong = [
      `Bearer ${KEY}x`,
      `Bearer pk_${'j'.repeat(43)}`,
      'Bearer pk_',
      KEY,
      `Basic ${KEY}`,
      `Bearer ${hashOf(KEY)}`,
    ]
    for (const header of wrong) {
      const answer = await showKey(header, '127.3.0.2')
      refused(answer, /API key/)
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer/)
    }
  })

  test('a certificate means nothing there', async () => {
    const headers = { 'client-cert': await http.certOf('billing') }
    refused(await http.ask({ path: '/v1/whoami', site: 'keys', headers }), /API key/)
  })
})

describe('the dashboard site takes who passed basic auth', () => {
  const showUser = (headers: Record<string, string>) =>
    http.ask({ path: '/v1/whoami', site: 'dashboard', headers })

  test('a person of the policy is known', async () => {
    const answer = await showUser({ 'postern-basic-user': 'oncall' })
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.json.roles, ['operator'])
    assert.equal(answer.json.kind, 'operator')
  })

  test('a service’s name is no person, and neither is a stranger’s', async () => {
    for (const user of ['billing', 'stranger', '']) {
      assert.equal((await showUser({ 'postern-basic-user': user })).status, 401)
    }
  })

  test('a certificate and an API key mean nothing there', async () => {
    const headers = { 'client-cert': await http.certOf('billing'), authorization: `Bearer ${KEY}` }
    refused(await showUser(headers), /Log in/)
  })
})

describe('who is known may still be kept out', () => {
  test('outside its own networks, with a decision on record', async () => {
    const answer = await http.ask({ path: '/v1/whoami', as: 'distant' })
    assert.equal(answer.status, 403)
    assert.match(answer.json.decision, /^dec_/)
    const { items } = await http.store.audit.list({ principal: 'distant', limit: 10 })
    assert.equal(items.at(-1)?.detail?.by, 'network')
    assert.equal((await http.ask({ path: '/v1/whoami', as: 'distant', from: '10.9.0.1' })).status, 200)
  })

  test('after its access expired', async () => {
    const answer = await http.ask({ path: '/v1/whoami', as: 'over' })
    assert.equal(answer.status, 403)
    assert.match(answer.json.detail, /expired/)
  })

  test('and every refusal of a credential is in the audit chain, without the secret', async () => {
    const secret = `pk_${'s'.repeat(43)}`
    await http.ask({
      path: '/v1/whoami',
      site: 'keys',
      from: '127.4.0.1',
      headers: { authorization: `Bearer ${secret}` },
    })
    const { items } = await http.store.audit.list({ action: 'auth.refused', limit: 200 })
    assert.equal(items.at(-1)?.detail?.reason, 'unknown_api_key')
    assert.ok(!JSON.stringify(items).includes(secret))
    assert.equal(testPolicy().limits.has('failed-auth'), true)
  })
})
