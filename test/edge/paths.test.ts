import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { after, before, test } from 'node:test'
import { get, type RawAnswer, sendRaw } from './raw-request.ts'
import { type Rig, startRig } from './rig.ts'
import type { Seen } from './upstream.ts'

let rig: Rig

before(async () => {
  rig = await startRig({ portBase: 27_200 })
})
after(() => rig.stop())

function send(path: string): Promise<RawAnswer> {
  const port = rig.config.ports.keys
  return sendRaw(get(path, `localhost:${port}`), { port, ca: rig.ca })
}

/** Caddy, Express and a reader agree on these, so they arrive byte for byte. */
const PLAIN = [
  '/',
  '/?',
  '/?a=//../%2e%2f;',
  '/v1',
  '/v1/',
  '/V1/Accounts',
  '/v1/accounts/main/messages?chat=%2B33&before=a%2Fb',
  '/v1/contacts/+12025550177',
  '/v1/contacts/%2B12025550177/consent',
  '/v1/contacts/%2b12025550177',
  '/v1/accounts/main/chats/12025550177@s.whatsapp.net/read',
  '/v1/accounts/main/chats/12025550177%40s.whatsapp.net/read',
  '/v1/accounts/main/groups/12025550177-1400000000@g.us',
  '/v1/accounts/main/chats/1:2@lid',
  '/v1/accounts/main/chats/1%3A2@lid',
  '/v1/messages/3EB0_a-b~c.d',
  '/v1/trailing.',
  '/v1/trailing./x',
  '/v1/a..b',
  "/v1/!$&'()*,=",
]

/** Two readers could disagree on these. Each is sent as it stands, then with its hex digits in upper case. */
const ODD = [
  '//',
  '//v1/whoami',
  '/v1//whoami',
  '/v1/whoami//',
  '/.',
  '/..',
  '/./v1',
  '/../v1',
  '/v1/./whoami',
  '/v1/../v1/whoami',
  '/v1/whoami/.',
  '/v1/whoami/..',
  '/v1/...',
  '/.hidden',
  '/v1/%2e/whoami',
  '/v1/%2e%2e/whoami',
  '/v1/.%2e/whoami',
  '/v1/%2e./whoami',
  '/v1/a%2eb',
  '/v1%2fwhoami',
  '/v1/x%2f..%2fwhoami',
  '/%2fv1',
  '/v1%5cwhoami',
  '/v1/%5c..%5c',
  '/v1\\whoami',
  '/v1/whoami;x=1',
  '/v1;/whoami',
  '/v1/whoami%3bx',
  '/v1/whoami%00',
  '/v1/%00/whoami',
  '/v1/whoami%0a',
  '/v1/whoami%0d%0ax:y',
  '/v1/%09',
  '/v1/%7f',
  '/v1/%20',
  '/v1/whoami%3fx',
  '/v1/whoami%23',
  '/v1/%25%32%65',
  '/v1/%252e',
  '/v1/%76hoami',
  '/v1/%c0%ae',
  '/v1/%e2%80%ae',
  '/v1/%u002e',
  '/v1/%',
  '/v1/%zz',
  '/v1/{x}',
  '/v1/a|b',
  '/v1/"',
  '/v1/<x>',
  '/v1/caf\u00e9',
  '/v1/#x',
  'v1/whoami',
  '*',
]

test('hands plain paths on byte for byte', async t => {
  for (const path of PLAIN) {
    await t.test(path, async () => {
      const answer = await send(path)
      assert.ok(answer.kind === 'answered' && answer.status === 200, JSON.stringify(answer))
      assert.equal((JSON.parse(answer.body) as Seen).url, path)
    })
  }
})

test('refuses every path that could be read in two ways, before the app sees it', async t => {
  for (const path of new Set(ODD.flatMap(one => [one, upperHex(one)]))) {
    await t.test(JSON.stringify(path), async () => {
      const before = rig.upstream.seen.length
      const answer = await send(path)
      assert.ok(answer.kind === 'answered' && answer.status === 400, JSON.stringify(answer))
      assert.equal(rig.upstream.seen.length, before)
    })
  }
})

test('refuses raw control characters and spaces in the path', async () => {
  for (const character of ['\0', '\x01', '\t', '\x0b', '\x7f', ' ']) {
    const before = rig.upstream.seen.length
    const answer = await send(`/v1/a${character}b`)
    assert.ok(answer.kind === 'closed' || answer.status === 400, JSON.stringify(answer))
    assert.equal(rig.upstream.seen.length, before)
  }
})

test('takes no address in absolute form and no tunnel', async () => {
  const port = rig.config.ports.keys
  const before = rig.upstream.seen.length
  const absolute = await send(`https://localhost:${port}/v1/whoami`)
  assert.ok(absolute.kind === 'answered' && absolute.status === 400)
  const tunnel = `CONNECT localhost:${port} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`
  const answer = await sendRaw(tunnel, { port, ca: rig.ca })
  assert.ok(answer.kind === 'closed' || answer.status >= 400, JSON.stringify(answer))
  assert.equal(rig.upstream.seen.length, before)
})

test('refuses a tunnel to a plain path at once, instead of trying it on the app again and again', async () => {
  const port = rig.config.ports.keys
  const plain = get('/v1/whoami', `localhost:${port}`)
  for (const [method, want] of [['CONNECT', 405] as const, ['OPTIONS', 200] as const]) {
    const answer = await sendRaw(plain.replace(/^GET/, method), { port, ca: rig.ca, withinMs: 3_000 })
    assert.equal(answer.kind === 'answered' && answer.status, want, method)
  }
})

test('judges paths over HTTP/2 alike', async () => {
  const session = connect(`https://localhost:${rig.config.ports.keys}`, { ca: rig.ca })
  try {
    for (const [path, want] of [
      ['/v1/whoami', 200],
      ['/v1/contacts/%2B12025550177', 200],
      ['/v1/../whoami', 400],
      ['//v1', 400],
      ['/v1/%2E%2e/x', 400],
      ['/v1/x;y', 400],
      ['/v1\\x', 400],
    ] as const) {
      const stream = session.request({ ':path': path })
      const status = await new Promise(resolve => {
        stream.once('response', headers => resolve(headers[':status']))
        stream.once('error', resolve)
      })
      stream.resume()
      assert.equal(status, want, path)
    }
  } finally {
    session.destroy()
  }
})

function upperHex(path: string): string {
  return path.replace(/%[0-9a-f]{2}/g, code => code.toUpperCase())
}
