import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { Webhook } from 'standardwebhooks'
import { type AttemptDeps, attempt, type Outcome } from '../../app/deliveries/attempt.ts'
import { createHandshake } from '../../app/deliveries/handshake.ts'
import { PosternError } from '../../app/lib/error.ts'
import { Secret } from '../../app/lib/secret.ts'
import { certificate, egressTo, startServer } from '../egress/https-server.ts'
import { createTestAuthority } from '../helpers/certificates.ts'
import { CONTACT_KEY, deliveryOf, EVENT, endpointOf, SIGNING_SECRET } from './samples.ts'

const NOW = new Date('2026-11-23T10:00:01Z')
const SECRETS: Readonly<Record<string, string>> = {
  'secret:sign': SIGNING_SECRET,
  'secret:ca': certificate.ca,
}

function depsOf(change: Partial<AttemptDeps> = {}): AttemptDeps {
  return {
    egress: egressTo('127.0.0.1'),
    readSecret: ref => {
      const text = SECRETS[ref]
      if (text === undefined) throw new PosternError('secret.missing', `the secret ${ref} is missing`)
      return new Secret(text)
    },
    contactKey: CONTACT_KEY,
    revision: 'r3',
    now: () => NOW,
    random: () => 0.5,
    ...change,
  }
}

const endpointAt = (port: number) => endpointOf({ url: `https://hooks.test:${port}/in`, caRef: 'secret:ca' })
const after = (ms: number) => new Date(NOW.getTime() + ms)
const OLD = { createdAt: new Date('2026-11-01T00:00:00Z') }

type Case = {
  name: string
  status: number
  headers?: Record<string, string>
  delivery?: Parameters<typeof deliveryOf>[0]
  want: Outcome
}

const CASES: readonly Case[] = [
  { name: 'is delivered by a 200', status: 200, want: { kind: 'delivered', status: 200 } },
  { name: 'is delivered by a 204', status: 204, want: { kind: 'delivered', status: 204 } },
  {
    name: 'tries again 5 s after the first 500',
    status: 500,
    want: {
      kind: 'retry',
      status: 500,
      reason: 'endpoint answered 500',
      dueAt: after(5_000),
      notBefore: NOW,
    },
  },
  {
    name: 'tries again 30 s after the second',
    status: 500,
    delivery: { attemptCount: 1 },
    want: {
      kind: 'retry',
      status: 500,
      reason: 'endpoint answered 500',
      dueAt: after(30_000),
      notBefore: NOW,
    },
  },
  {
    name: 'fails at a redirect',
    status: 302,
    headers: { location: 'https://hooks.test/' },
    want: {
      kind: 'retry',
      status: 302,
      reason: 'endpoint answered 302',
      dueAt: after(5_000),
      notBefore: NOW,
    },
  },
  {
    name: 'waits as long as Retry-After asks',
    status: 503,
    headers: { 'retry-after': '90' },
    want: {
      kind: 'retry',
      status: 503,
      reason: 'endpoint answered 503',
      dueAt: after(90_000),
      notBefore: after(90_000),
    },
  },
  {
    name: 'waits an hour at most, whatever Retry-After asks',
    status: 429,
    headers: { 'retry-after': '86400' },
    want: {
      kind: 'retry',
      status: 429,
      reason: 'endpoint answered 429',
      dueAt: after(3_600_000),
      notBefore: after(3_600_000),
    },
  },
  {
    name: 'keeps the schedule when Retry-After asks for less',
    status: 429,
    headers: { 'retry-after': '1' },
    want: {
      kind: 'retry',
      status: 429,
      reason: 'endpoint answered 429',
      dueAt: after(5_000),
      notBefore: after(1_000),
    },
  },
  {
    name: 'dies on the last attempt',
    status: 500,
    delivery: { ...OLD, attemptCount: 14 },
    want: { kind: 'dead', status: 500, reason: 'endpoint answered 500' },
  },
  {
    name: 'is delivered on the last attempt as well',
    status: 200,
    delivery: { ...OLD, attemptCount: 14 },
    want: { kind: 'delivered', status: 200 },
  },
  {
    name: 'learns from a 410 that the endpoint is gone',
    status: 410,
    want: { kind: 'endpoint-gone', status: 410, reason: 'endpoint answered 410 Gone' },
  },
]

for (const { name, status, headers = {}, delivery, want } of CASES) {
  test(name, async t => {
    const server = await startServer(t, (_, response) => response.writeHead(status, headers).end())
    assert.deepEqual(await attempt(deliveryOf(delivery), endpointAt(server.port), depsOf()), want)
    assert.equal(server.requests, 1)
  })
}

test('posts the event signed, with the number of the attempt and the policy', async t => {
  let seen: { headers: Record<string, unknown>; body: string } | undefined
  const server = await startServer(t, async (request, response) => {
    seen = { headers: request.headers, body: Buffer.concat(await request.toArray()).toString() }
    response.end()
  })
  const now = () => new Date()
  await attempt(deliveryOf({ attemptCount: 2 }), endpointAt(server.port), depsOf({ now }))
  assert.ok(seen)
  const headers = seen.headers as Record<string, string>
  new Webhook(SIGNING_SECRET).verify(seen.body, headers)
  assert.equal((JSON.parse(seen.body) as { id: string }).id, EVENT.id)
  assert.equal(headers['webhook-id'], EVENT.id)
  assert.equal(headers['postern-attempt'], '3')
  assert.equal(headers['postern-policy'], 'r3')
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['user-agent'], 'postern')
})

test('dies when the policy forbids the address, and retries when nobody listens there', async () => {
  const { allowCidrs: _, ...closed } = endpointAt(2)
  const refused = await attempt(deliveryOf(), { ...closed, allowCidrs: [] }, depsOf())
  assert.equal(refused.kind, 'dead')
  const failed = await attempt(deliveryOf(), endpointAt(2), depsOf())
  assert.equal(failed.kind, 'retry')
})

test('shows the client certificate of the endpoint, from one file with its key', async t => {
  const clients = await createTestAuthority('Clients of the receiver')
  const { cert, key } = await clients.issue({ commonName: 'postern', uris: [] })
  let shown: unknown
  const server = await startServer(
    t,
    (request, response) => {
      shown = (request.socket as TLSSocket).getPeerCertificate().subject?.CN
      response.end()
    },
    { requestCert: true, rejectUnauthorized: true, ca: clients.cert },
  )
  const deps = depsOf({
    readSecret: ref => new Secret(ref === 'secret:client' ? `${key}${cert}` : (SECRETS[ref] ?? '')),
  })
  const bare = await attempt(deliveryOf(), endpointAt(server.port), deps)
  assert.equal(bare.kind, 'retry', 'this receiver takes nobody without one')
  const endpoint = { ...endpointAt(server.port), clientCertificateRef: 'secret:client' }
  assert.equal((await attempt(deliveryOf(), endpoint, deps)).kind, 'delivered')
  assert.equal(shown, 'postern')
})

test('waits for a secret that is missing instead of sending without it', async t => {
  const server = await startServer(t, (_, response) => response.end())
  const endpoint = { ...endpointAt(server.port), secretRefs: ['secret:gone'] }
  const outcome = await attempt(deliveryOf(), endpoint, depsOf())
  assert.deepEqual(outcome, {
    kind: 'retry',
    reason: 'not sent: the secret secret:gone is missing',
    dueAt: after(5_000),
    notBefore: NOW,
  })
  assert.equal(server.requests, 0)
})

test('asks an endpoint for its challenge again once the secret is there that the question needs', async t => {
  const asked: string[] = []
  const server = await startServer(t, (request, response) => {
    asked.push(request.method ?? '')
    response.end(new URL(request.url ?? '', 'https://hooks.test').searchParams.get('hub.challenge') ?? '')
  })
  const secrets: Record<string, string> = { ...SECRETS, 'secret:token': 'a word between us' }
  delete secrets['secret:ca']
  const known = depsOf({
    readSecret: ref => new Secret(secrets[ref] ?? assert.fail(`the secret ${ref} is missing`)),
  })
  const deps = { ...known, handshake: createHandshake(known) }
  const endpoint = { ...endpointAt(server.port), verifyTokenRef: 'secret:token' }
  const ask = async () => (await attempt(deliveryOf(), endpoint, deps)).kind
  assert.deepEqual(await Promise.all([ask(), ask()]), ['retry', 'retry'])
  assert.equal(server.requests, 0)
  secrets['secret:ca'] = certificate.ca
  assert.deepEqual([await ask(), await ask()], ['delivered', 'delivered'])
  assert.deepEqual(asked, ['GET', 'POST', 'POST'])
})
