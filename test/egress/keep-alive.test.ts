import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import { createEgress } from '../../app/egress/connector.ts'
import { certificate, egressTo, requestTo, startServer } from './https-server.ts'

const now = () => new Date()

test('uses one connection for requests that follow one another', async t => {
  const server = await startServer(t, (_, response) => response.end('thanks'))
  const egress = egressTo('127.0.0.1')
  for (let i = 0; i < 5; i++) {
    assert.equal((await egress.request(requestTo(`https://hooks.test:${server.port}/`))).kind, 'answered')
  }
  assert.deepEqual([server.requests, server.connections], [5, 1])
  await egress.close()
})

test('resolves and vets at every connect, not at every request', async t => {
  const server = await startServer(t, (request, response) => {
    if (request.url === '/last') response.setHeader('connection', 'close')
    response.end()
  })
  const answers = [['127.0.0.1'], ['10.0.0.1']]
  const egress = createEgress({ now, lookup: async () => answers.shift() ?? [], ownAddresses: () => [] })
  const to = (path: string) => egress.request(requestTo(`https://hooks.test:${server.port}${path}`))
  assert.equal((await to('/')).kind, 'answered')
  assert.equal((await to('/last')).kind, 'answered', 'over the connection that was vetted')
  assert.equal((await to('/')).kind, 'refused', 'a new connection is vetted anew')
  assert.equal(server.connections, 1)
  await egress.close()
})

test('never carries a request of other networks, another trust or another client certificate', async t => {
  const server = await startServer(t, (_, response) => response.end(), {
    requestCert: true,
    rejectUnauthorized: false,
  })
  const egress = egressTo('127.0.0.1')
  const request = requestTo(`https://hooks.test:${server.port}/`)
  const { ca: _, ...systemOnly } = request
  const { cert, key } = certificate
  assert.equal((await egress.request(request)).kind, 'answered')
  assert.equal((await egress.request({ ...request, allowCidrs: [] })).kind, 'refused')
  assert.equal((await egress.request(systemOnly)).kind, 'failed')
  assert.equal((await egress.request({ ...request, allowCidrs: ['127.0.0.0/16'] })).kind, 'answered')
  assert.equal((await egress.request({ ...request, clientCertificate: { cert, key } })).kind, 'answered')
  assert.equal((await egress.request(request)).kind, 'answered')
  assert.deepEqual([server.requests, server.connections], [4, 4], 'one of the connections was not trusted')
  await egress.close()
})

/** Answers the first request of a connection and hangs up at the second without reading it. */
async function startForgetful(t: { after(act: () => void): void }, answered: (n: number) => boolean) {
  let [connections, requests] = [0, 0]
  const server = createServer({ ...certificate }, socket => {
    connections++
    socket.on('error', () => {})
    socket.on('data', chunk => {
      if (!chunk.toString().startsWith('POST')) return
      if (answered(++requests)) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      else socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return { port, seen: () => ({ connections, requests }) }
}

test('asks once more over a new connection when a kept one turns out closed', async t => {
  const server = await startForgetful(t, n => n !== 2)
  const egress = egressTo('127.0.0.1')
  const request = requestTo(`https://hooks.test:${server.port}/`)
  assert.equal((await egress.request(request)).kind, 'answered')
  assert.equal((await egress.request(request)).kind, 'answered')
  assert.deepEqual(server.seen(), { connections: 2, requests: 3 })
  await egress.close()
})

test('asks only once when a new connection is closed on it', async t => {
  const server = await startForgetful(t, () => false)
  const egress = egressTo('127.0.0.1')
  assert.equal((await egress.request(requestTo(`https://hooks.test:${server.port}/`))).kind, 'failed')
  assert.deepEqual(server.seen(), { connections: 1, requests: 1 })
  await egress.close()
})

test('does not keep a connection whose answer was too long to read', async t => {
  const server = await startServer(t, (_, response) => response.end('x'.repeat(1_000_000)))
  const egress = egressTo('127.0.0.1')
  for (let i = 0; i < 2; i++) {
    const answer = await egress.request(requestTo(`https://hooks.test:${server.port}/`))
    assert.equal(answer.kind === 'answered' && answer.bodyHead.length, 16_384)
  }
  assert.equal(server.connections, 2)
  await egress.close()
})

test('closes every connection it keeps when it is closed', async t => {
  const closed = Promise.withResolvers<void>()
  const server = await startServer(t, (request, response) => {
    request.socket.once('close', () => closed.resolve())
    response.end()
  })
  const egress = egressTo('127.0.0.1')
  await egress.request(requestTo(`https://hooks.test:${server.port}/`))
  await egress.close()
  await closed.promise
})
