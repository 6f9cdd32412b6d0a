import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEgress } from '../../app/egress/connector.ts'
import { egressTo, requestTo, startServer } from './https-server.ts'

const now = () => new Date()

/** Ways of writing 127.0.0.1 that have passed other people's checks. */
const DISGUISES = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[2002:7f00:1::]',
  '0',
  'localhost',
  'LOCALHOST',
]

for (const host of DISGUISES) {
  test(`refuses ${host} without connecting`, async t => {
    const server = await startServer(t, (_, response) => response.end())
    const egress = createEgress({ now })
    const answer = await egress.request(requestTo(`https://${host}:${server.port}/`, { allowCidrs: [] }))
    assert.equal(answer.kind, 'refused', JSON.stringify(answer))
    assert.equal(server.connections, 0)
  })
}

for (const host of ['127.0.0.1', '2130706433', '0177.0.0.1', 'localhost']) {
  test(`reaches ${host} when a network of the policy contains it`, async t => {
    const server = await startServer(t, (_, response) => response.end())
    const egress = createEgress({ now })
    const allowCidrs = ['127.0.0.0/8', '::1/128']
    const answer = await egress.request(requestTo(`https://${host}:${server.port}/`, { allowCidrs }))
    assert.equal(answer.kind, 'answered', JSON.stringify(answer))
  })
}

test('refuses a name when any of its addresses is forbidden, wherever it stands', async t => {
  const server = await startServer(t, (_, response) => response.end())
  for (const addresses of [['127.0.0.1'], ['192.0.32.10', '127.0.0.1'], ['127.0.0.1', '2a00:1450:4001::1']]) {
    const answer = await egressTo(...addresses).request(
      requestTo(`https://hooks.test:${server.port}/`, { allowCidrs: [] }),
    )
    assert.equal(answer.kind, 'refused')
  }
  assert.equal(server.connections, 0)
  const allowed = await egressTo('127.0.0.1').request(requestTo(`https://hooks.test:${server.port}/`))
  assert.equal(allowed.kind, 'answered')
})

test('refuses metadata addresses even when the policy allows every network', async () => {
  const allowCidrs = ['0.0.0.0/0', '::/0']
  for (const address of [
    '169.254.169.254',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
  ]) {
    const answer = await egressTo(address).request(requestTo('https://hooks.test/', { allowCidrs }))
    assert.deepEqual(answer, {
      kind: 'refused',
      reason: `${address} is a metadata address, which no policy can allow`,
    })
  }
  const literal = await egressTo().request(requestTo('https://[fd00:ec2::254]/', { allowCidrs }))
  assert.equal(literal.kind, 'refused')
})

test('refuses an address of this machine, public as it may be', async t => {
  const server = await startServer(t, (_, response) => response.end())
  const request = requestTo(`https://hooks.test:${server.port}/`, { allowCidrs: [] })
  const egress = createEgress({
    now,
    lookup: async () => ['192.0.32.10'],
    ownAddresses: () => ['192.0.32.10'],
  })
  assert.equal((await egress.request(request)).kind, 'refused')
})

test('judges a name anew at every request', async t => {
  const server = await startServer(t, (_, response) => response.end())
  const answers = [['127.0.0.1'], ['10.0.0.1']]
  const egress = createEgress({ now, lookup: async () => answers.shift() ?? [], ownAddresses: () => [] })
  const request = requestTo(`https://hooks.test:${server.port}/`)
  assert.equal((await egress.request(request)).kind, 'answered')
  assert.equal((await egress.request(request)).kind, 'refused')
  assert.equal((await egress.request(request)).kind, 'failed')
  assert.equal(server.connections, 1)
})

test('refuses what is not https, carries credentials, or is no URL', async t => {
  const server = await startServer(t, (_, response) => response.end())
  for (const url of [
    `http://127.0.0.1:${server.port}/`,
    `https://user:word@127.0.0.1:${server.port}/`,
    'file:///etc/passwd',
    'hooks',
  ]) {
    assert.equal((await egressTo('127.0.0.1').request(requestTo(url))).kind, 'refused', url)
  }
  assert.equal(server.connections, 0)
})
