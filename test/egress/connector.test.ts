import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { createServerCertificate } from '../sandbox/receiver-certificate.ts'
import { certificate, egressTo, requestTo, startServer } from './https-server.ts'

test('posts the body under the original name for TLS and Host', async t => {
  let seen = {}
  const server = await startServer(t, async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const { host } = request.headers
    seen = {
      method: request.method,
      url: request.url,
      host,
      body,
      servername: (request.socket as TLSSocket).servername,
    }
    response.writeHead(201).end('thanks')
  })
  const answer = await egressTo('127.0.0.1').request(requestTo(`https://hooks.test:${server.port}/in?a=1`))
  assert.deepEqual(answer, { kind: 'answered', status: 201, bodyHead: 'thanks' })
  const host = `hooks.test:${server.port}`
  assert.deepEqual(seen, { method: 'POST', url: '/in?a=1', host, body: 'hello', servername: 'hooks.test' })
})

test('tries the next vetted address when one does not answer', async t => {
  const server = await startServer(t, (_, response) => response.end())
  const answer = await egressTo('127.0.0.2', '127.0.0.1').request(
    requestTo(`https://hooks.test:${server.port}/`),
  )
  assert.equal(answer.kind, 'answered')
})

test('trusts the system and the given CA, and neither another name nor another CA', async t => {
  const server = await startServer(t, (_, response) => response.end())
  const egress = egressTo('127.0.0.1')
  const { ca: _, ...systemOnly } = requestTo(`https://hooks.test:${server.port}/`)
  const other = await createServerCertificate(['hooks.test'])
  for (const request of [
    systemOnly,
    { ...systemOnly, ca: other.ca },
    requestTo(`https://elsewhere.test:${server.port}/`),
  ]) {
    const answer = await egress.request(request)
    assert.equal(answer.kind, 'failed', JSON.stringify(answer))
  }
  assert.equal(server.requests, 0)
  assert.equal((await egress.request(requestTo(`https://hooks.test:${server.port}/`))).kind, 'answered')
})

test('shows the client certificate it was given, and none otherwise', async t => {
  const shown: unknown[] = []
  const server = await startServer(
    t,
    (request, response) => {
      shown.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN)
      response.end()
    },
    { requestCert: true, rejectUnauthorized: false },
  )
  const request = requestTo(`https://hooks.test:${server.port}/`)
  const { cert, key } = certificate
  await egressTo('127.0.0.1').request(request)
  await egressTo('127.0.0.1').request({ ...request, clientCertificate: { cert, key } })
  assert.deepEqual(shown, [undefined, 'Postern sandbox receiver'])
})

test('follows no redirect', async t => {
  const target = await startServer(t, (_, response) => response.end())
  const server = await startServer(t, (_, response) =>
    response.writeHead(307, { location: `https://hooks.test:${target.port}/` }).end(),
  )
  const answer = await egressTo('127.0.0.1').request(requestTo(`https://hooks.test:${server.port}/`))
  assert.deepEqual(answer, { kind: 'answered', status: 307, bodyHead: '' })
  assert.equal(target.connections, 0)
})

test('keeps 16 KiB of an answer that never ends, and hangs up', async t => {
  const hungUp = Promise.withResolvers<void>()
  const server = await startServer(t, (_, response) => {
    response.on('close', hungUp.resolve)
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(8_192)));
    }
    response.on('drain', more)
    more()
  })
  const answer = await egressTo('127.0.0.1').request(requestTo(`https://hooks.test:${server.port}/`))
  assert.equal(answer.kind, 'answered')
  assert.equal(answer.kind === 'answered' ? answer.bodyHead.length : 0, 16_384)
  await hungUp.promise
})

test('gives up after the total time: on silence with a failure, on a dripping body with the status it has', async t => {
  const silent = await startServer(t, () => {})
  const quick = { timeoutMs: 300 }
  const nothing = await egressTo('127.0.0.1').request(requestTo(`https://hooks.test:${silent.port}/`, quick))
  assert.deepEqual(nothing, { kind: 'failed', reason: 'no answer within 300 ms' })

  const dripping = await startServer(t, (_, response) => {
    const timer = setInterval(() => response.write('.'), 50)
    response.on('close', () => clearInterval(timer))
  })
  const startedAt = performance.now()
  const unhurried = { timeoutMs: 1_500 } // the first byte must come in this time, also on a busy machine
  const some = await egressTo('127.0.0.1').request(
    requestTo(`https://hooks.test:${dripping.port}/`, unhurried),
  )
  assert.equal(some.kind === 'answered' && some.status, 200)
  assert.ok(performance.now() - startedAt < 10_000)
})

test('waits no longer than the total time for a resolver that does not answer', async () => {
  const { createEgress } = await import('../../app/egress/connector.ts')
  const egress = createEgress({ now: () => new Date(), lookup: () => new Promise(() => {}) })
  const answer = await egress.request(requestTo('https://hooks.test/', { timeoutMs: 100 }))
  assert.deepEqual(answer, { kind: 'failed', reason: 'no answer within 100 ms' })
})

test('reads Retry-After in seconds and as a date', async t => {
  const values = ['120', new Date(Date.now() + 60_000).toUTCString(), 'soon']
  const server = await startServer(t, (_, response) =>
    response.writeHead(503, { 'retry-after': values.shift() }).end(),
  )
  const ask = async () => {
    const answer = await egressTo('127.0.0.1').request(requestTo(`https://hooks.test:${server.port}/`))
    return answer.kind === 'answered' ? answer.retryAfterMs : answer
  }
  assert.equal(await ask(), 120_000)
  const dated = await ask()
  assert.ok(typeof dated === 'number' && dated > 50_000 && dated <= 60_000, String(dated))
  assert.equal(await ask(), undefined)
})

test('breaks off what is under way when it is closed', async t => {
  const server = await startServer(t, () => {})
  const egress = egressTo('127.0.0.1')
  const answer = egress.request(requestTo(`https://hooks.test:${server.port}/`))
  while (server.requests === 0) await new Promise(resolve => setTimeout(resolve, 10))
  await egress.close()
  assert.deepEqual(await answer, { kind: 'failed', reason: 'the appliance is stopping' })
})

test('asks no proxy that the environment names', async t => {
  const server = await startServer(t, (_, response) => response.end())
  let proxied = 0
  const proxy = createTcp(socket => {
    proxied++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  t.after(() => proxy.close())
  await once(proxy, 'listening')
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
  const env = {
    ...process.env,
    ...Object.fromEntries(names.map(name => [name, url])),
    NODE_USE_ENV_PROXY: '1',
    NO_PROXY: '',
    no_proxy: '',
  }
  const script = `
    import { createEgress } from ${JSON.stringify(new URL('../../app/egress/connector.ts', import.meta.url).href)}
    const egress = createEgress({ now: () => new Date(), lookup: async () => ['127.0.0.1'] })
    console.log(JSON.stringify(await egress.request(${JSON.stringify(requestTo(`https://hooks.test:${server.port}/`))})))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env,
  })
  assert.equal(JSON.parse(stdout).kind, 'answered')
  assert.equal(proxied, 0)
})
