import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createTcp } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createEgress } from '../../app/egress/connector.ts'
import { vet } from '../../app/egress/vet.ts'
import { temporaryFolder } from '../sandbox/running-receiver.ts'
import { egressTo, requestTo, startPlainServer, startServer } from './https-server.ts'

const now = () => new Date()

/** Ways of writing 127.0.0.1 that have passed other people's checks. */
const DISGUISES = [
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '017700000001',
  '%31%32%37.0.0.1',
  '127\u30020\u30020\u30021', // ideographic full stops
  '\uff11\uff12\uff17.0.0.1', // full-width digits
  '\u2460\u2461\u2466.\u24ea.\u24ea.\u2460', // circled digits
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]', // NAT64
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]', // 6to4
  '[2001:0:4136:e378:8000:63bf:80ff:fffe]', // Teredo
  '[fc00::1]',
  '[fe80::1]',
  '0',
  '0.0.0.0',
  'localhost',
  'LOCALHOST',
  'l\u24decalhost', // a circled letter
]
const SCHEMES = ['https', 'http'] as const
const PLAIN = { plainHttp: true }

for (const scheme of SCHEMES) {
  const listening = (t: TestContext) => {
    const start = scheme === 'https' ? startServer : startPlainServer
    return start(t, (_, response) => response.end())
  }

  for (const host of DISGUISES) {
    test(`refuses ${scheme}://${host} without connecting`, async t => {
      const server = await listening(t)
      const egress = createEgress({ now })
      const answer = await egress.request(
        requestTo(`${scheme}://${host}:${server.port}/`, { ...PLAIN, allowCidrs: [] }),
      )
      assert.equal(answer.kind, 'refused', JSON.stringify(answer))
      assert.equal(server.connections, 0)
    })
  }

  for (const host of [
    '127.0.0.1',
    '127.0.0.1.',
    '2130706433',
    '0177.0.0.1',
    '127\u30020\u30020\u30021',
    'localhost',
  ]) {
    test(`reaches ${scheme}://${host} when a network of the policy contains it`, async t => {
      const server = await listening(t)
      const allowCidrs = ['127.0.0.0/8', '::1/128']
      const answer = await createEgress({ now }).request(
        requestTo(`${scheme}://${host}:${server.port}/`, { ...PLAIN, allowCidrs }),
      )
      assert.equal(answer.kind, 'answered', JSON.stringify(answer))
      assert.equal(server.connections, 1)
    })
  }

  test(`refuses a name over ${scheme} when any of its addresses is forbidden, wherever it stands`, async t => {
    const server = await listening(t)
    const url = `${scheme}://hooks.test:${server.port}/`
    const dotted = requestTo(`${scheme}://hooks.test.:${server.port}/`, { ...PLAIN, allowCidrs: [] })
    assert.equal((await egressTo('127.0.0.1').request(dotted)).kind, 'refused')
    for (const addresses of [
      ['127.0.0.1'],
      ['192.0.32.10', '127.0.0.1'],
      ['127.0.0.1', '2a00:1450:4001::1'],
    ]) {
      const answer = await egressTo(...addresses).request(requestTo(url, { ...PLAIN, allowCidrs: [] }))
      assert.equal(answer.kind, 'refused')
    }
    assert.equal(server.connections, 0)
    assert.equal((await egressTo('127.0.0.1').request(requestTo(url, PLAIN))).kind, 'answered')
  })

  test(`connects over ${scheme} to what it vetted when the resolver changes its mind`, async t => {
    const server = await listening(t)
    const [vetted, later] = [['127.0.0.1'], ['10.0.0.1']]
    let asked = 0
    const lookup = async () => (asked++ === 0 ? vetted : later)
    const egress = createEgress({ now, lookup, ownAddresses: () => [] })
    const request = requestTo(`${scheme}://hooks.test:${server.port}/`, {
      ...PLAIN,
      headers: { connection: 'close' },
    })
    assert.equal((await egress.request(request)).kind, 'answered')
    assert.equal(asked, 1, 'nobody asked the resolver a second time for this connection')
    assert.equal((await egress.request(request)).kind, 'refused', 'the next connection is judged anew')
    assert.equal(server.connections, 1)
  })

  test(`follows no redirect over ${scheme} to where it may not go`, async t => {
    const inner = await listening(t)
    const start = scheme === 'https' ? startServer : startPlainServer
    const outer = await start(t, (_, response) =>
      response.writeHead(307, { location: `${scheme}://127.0.0.1:${inner.port}/` }).end(),
    )
    const request = requestTo(`${scheme}://hooks.test:${outer.port}/`, PLAIN)
    const answer = await egressTo('127.0.0.1').request(request)
    assert.equal(answer.kind === 'answered' && answer.status, 307)
    assert.equal(inner.connections, 0)
  })

  test(`refuses credentials in an address over ${scheme}, and names behind an @`, async t => {
    const server = await listening(t)
    for (const authority of ['user:word@127.0.0.1', 'hooks.test@127.0.0.1', '127.0.0.1\\@hooks.test']) {
      const url = `${scheme}://${authority}:${server.port}/`
      const answer = await egressTo('127.0.0.1').request(requestTo(url, { ...PLAIN, allowCidrs: [] }))
      assert.equal(answer.kind, 'refused', url)
    }
    assert.equal(server.connections, 0)
  })

  test(`refuses the ports of other protocols over ${scheme}`, async () => {
    for (const port of [22, 25, 6667]) {
      const answer = await egressTo('127.0.0.1').request(requestTo(`${scheme}://hooks.test:${port}/`, PLAIN))
      assert.deepEqual(answer, { kind: 'refused', reason: `port ${port} belongs to another protocol` })
    }
  })
}

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

/** Spellings of this machine's own addresses, each beside the like of it that belongs to somebody else. */
const OWN = ['192.0.32.10', '2A00:1450:4001:0:0:0:0:A', 'fe80::1%eth0']
const SPELLINGS = [
  ['192.0.32.10', '192.0.32.11'],
  ['::ffff:192.0.32.10', '::ffff:192.0.32.11'],
  ['::ffff:c000:200a', '::ffff:c000:200b'],
  ['0:0:0:0:0:FFFF:C000:200A', '0:0:0:0:0:FFFF:C000:200B'],
  ['64:ff9b::192.0.32.10', '64:ff9b::192.0.32.11'],
  ['64:FF9B:0:0:0:0:C000:200A', '64:FF9B:0:0:0:0:C000:200B'],
  ['2606:4700::5efe:192.0.32.10', '2606:4700::5efe:192.0.32.11'], // ISATAP
  ['2a00:1450:4001::a', '2a00:1450:4001::b'],
  ['2A00:1450:4001::A', '2A00:1450:4001::B'],
  ['2a00:1450:4001:0000:0000:0000:0000:000a', '2a00:1450:4001:0000:0000:0000:0000:000b'],
  ['2a00:1450:4001::0.0.0.10', '2a00:1450:4001::0.0.0.11'],
] as const

for (const [own, foreign] of SPELLINGS) {
  test(`refuses ${own} as an address of this machine, and not ${foreign}`, async () => {
    const deps = (...found: string[]) => ({ lookup: async () => found, ownAddresses: () => OWN })
    const literal = (address: string) => (address.includes(':') ? `[${address}]` : address)
    assert.equal((await vet('hooks.test', [], deps(own))).kind, 'refused')
    assert.equal((await vet('hooks.test', [], deps(foreign, own))).kind, 'refused')
    assert.equal((await vet(literal(own), [], deps())).kind, 'refused')
    const all = ['0.0.0.0/0', '::/0']
    assert.equal((await vet('hooks.test', all, deps(own))).kind, 'vetted', 'the policy may open it')
    assert.equal((await vet('hooks.test', [], deps(foreign))).kind, 'vetted')
    assert.equal((await vet(literal(foreign), [], deps())).kind, 'vetted')
  })
}

for (const own of ['2002:c000:200a::', '::192.0.32.10', '64:ff9b:1::192.0.32.10', '2a00:1450:4001::a%eth0']) {
  test(`refuses ${own}, whoever it belongs to`, async () => {
    const deps = { lookup: async () => [own], ownAddresses: () => [] }
    assert.equal((await vet('hooks.test', [], deps)).kind, 'refused')
  })
}

test('refuses http to who did not ask for it, other schemes, Unix sockets and what is no URL', async t => {
  const server = await startPlainServer(t, (_, response) => response.end())
  const folder = temporaryFolder(t)
  const path = join(folder, 'inner.sock')
  const inner = createTcp().listen(path)
  let reached = 0
  inner.on('connection', () => reached++)
  await once(inner, 'listening')
  t.after(() => inner.close())
  const plain = `http://127.0.0.1:${server.port}/`
  assert.equal((await egressTo('127.0.0.1').request(requestTo(plain))).kind, 'refused')
  assert.equal(server.connections, 0)
  assert.equal((await egressTo('127.0.0.1').request(requestTo(plain, PLAIN))).kind, 'answered')
  for (const url of [
    `unix:${path}`,
    `http+unix://${encodeURIComponent(path)}/`,
    'file:///etc/passwd',
    'hooks',
  ]) {
    assert.equal((await egressTo('127.0.0.1').request(requestTo(url, PLAIN))).kind, 'refused', url)
  }
  assert.equal(reached, 0)
})
