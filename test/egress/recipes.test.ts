import assert from 'node:assert/strict'
import type { LookupFunction } from 'node:net'
import { BlockList } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { Agent, request } from 'undici'
import { certificate, egressTo, requestTo, startPlainServer, startServer } from './https-server.ts'

/*
 * Why app/egress dials by itself: each recipe here is what people are told to use against server-side request forgery,
 * and each lets a request through to this machine. When a new version of Node or undici closes one of these holes, the
 * test says so by failing.
 */

const refusing: LookupFunction = (_, __, callback) => callback(new Error('forbidden'), '', 4)
const end = (t: TestContext) => startPlainServer(t, (_, response) => response.end())

test('an undici `connect.lookup` that refuses everything is not even asked for an IP literal', async t => {
  const server = await end(t)
  const dispatcher = new Agent({ connect: { lookup: refusing } })
  t.after(() => dispatcher.close())
  for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]']) {
    const { statusCode, body } = await request(`http://${host}:${server.port}/`, { dispatcher })
    await body.dump()
    assert.equal(statusCode, 200, host)
  }
  await assert.rejects(request(`http://localhost:${server.port}/`, { dispatcher }), /forbidden/)
})

test('a `net.BlockList` given to tls.connect is ignored', async t => {
  const server = await startServer(t, (_, response) => response.end())
  const blockList = new BlockList()
  blockList.addSubnet('127.0.0.0', 8)
  assert.ok(blockList.check('127.0.0.1'))
  const options = {
    host: '127.0.0.1',
    port: server.port,
    ca: certificate.ca,
    servername: 'hooks.test',
    blockList,
  }
  const socket = connectTls(options)
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  socket.destroy()
  assert.equal(server.connections, 1)
})

test('a `net.BlockList` of this machine does not see it behind NAT64, 6to4 or an IPv4-compatible address', () => {
  const blockList = new BlockList()
  blockList.addSubnet('127.0.0.0', 8)
  blockList.addAddress('::1', 'ipv6')
  assert.ok(blockList.check('::ffff:127.0.0.1', 'ipv6'))
  for (const address of ['64:ff9b::7f00:1', '2002:7f00:1::', '::127.0.0.1']) {
    assert.equal(blockList.check(address, 'ipv6'), false, address)
  }
})

test('looking a name up first and fetching it then asks the resolver twice', async t => {
  const server = await end(t)
  const answers = ['192.0.32.10', '127.0.0.1'] // what a name server of the attacker's gives
  const lookup = () => answers.shift() ?? assert.fail('asked a third time')
  assert.equal(lookup(), '192.0.32.10', 'the check is content')
  const dispatcher = new Agent({
    connect: { lookup: (_, __, callback) => callback(null, [{ address: lookup(), family: 4 }]) },
  })
  t.after(() => dispatcher.close())
  const { statusCode, body } = await request(`http://hooks.test:${server.port}/`, { dispatcher })
  await body.dump()
  assert.equal(statusCode, 200)
})

test('`fetch` follows a redirect to where the first address would never have been allowed', async t => {
  const inner = await end(t)
  const outer = await startPlainServer(t, (_, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${inner.port}/` }).end(),
  )
  await (await fetch(`http://localhost:${outer.port}/`)).body?.cancel()
  assert.equal(inner.requests, 1)
})

test('ours refuses each of these and reaches what is allowed', async t => {
  const server = await startServer(t, (_, response) => response.end())
  for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]', 'hooks.test']) {
    const refused = await egressTo('127.0.0.1').request(
      requestTo(`https://${host}:${server.port}/`, { allowCidrs: [] }),
    )
    assert.equal(refused.kind, 'refused', host)
  }
  assert.equal(server.connections, 0)
  const allowed = await egressTo('127.0.0.1').request(requestTo(`https://hooks.test:${server.port}/`))
  assert.equal(allowed.kind, 'answered')
})
