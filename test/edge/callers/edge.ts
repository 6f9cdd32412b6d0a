import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test } from 'node:test'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { createTestAuthority } from '../../helpers/certificates.ts'
import type { AppRig } from '../app-rig.ts'
import { get, open, type RawOptions, sendRaw } from '../raw-request.ts'
import { ask, KEY } from './ask.ts'

/** What is agreed on before the first request. */
export function handshakeTests(rigOf: () => AppRig): void {
  // A resumed session would bring the certificate in without a look at the client CA of the day; a ticket of TLS 1.2 opens what was recorded.
  test('gives out no sessions to resume; the app does, to the proxy', async () => {
    const { ports, edge, honest, http } = rigOf()
    const caller = { ca: edge.ca, client: honest }
    assert.equal(await givesSessions({ port: ports.api, ...caller }), false)
    for (const site of ['keys', 'dashboard', 'hooks'] as const)
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
        assert.equal(await givesSessions({ port: ports[site], ...caller, tls: { maxVersion } }), false, site)
    const proxy = { ca: http.internal.cert, client: http.proxy, servername: 'app' }
    assert.equal(await givesSessions({ port: http.port, ...proxy }), true)
  })

  test('needs no certificate where it asks for one to give out no sessions, and takes no notice of any', async () => {
    const rig = rigOf()
    const stranger = await (await createTestAuthority('Strangers')).issue()
    for (const client of [undefined, rig.honest, stranger])
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const shown = { site: 'keys' as const, tls: { maxVersion }, ...(client && { client }) }
        const { told, arrived } = await ask(rig, rig.honest, shown)
        assert.deepEqual([told, arrived.length], ['200 reports', 1])
        assert.ok(arrived.every(({ headers }) => headers.every(line => !/^client-cert$/i.test(line))))
      }
  })

  test('speaks TLS 1.3 alone on the api site, 1.2 as well where browsers and partners call, and nothing older', async () => {
    const rig = rigOf()
    const tooOld = 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'
    const spoken = (site: SpokenTo) =>
      Promise.all(
        (['TLSv1.3', 'TLSv1.2', 'TLSv1.1'] as const).map(version =>
          handshake(rig, site, { minVersion: version, maxVersion: version }),
        ),
      )
    assert.deepEqual(await spoken('api'), ['TLSv1.3', tooOld, tooOld])
    for (const site of ['keys', 'dashboard', 'hooks'] as const)
      assert.deepEqual(await spoken(site), ['TLSv1.3', 'TLSv1.2', tooOld], site)
  })

  test('agrees on keys that a quantum computer could not find out either, and on others with older clients', async () => {
    const rig = rigOf()
    for (const site of ['api', 'keys', 'dashboard', 'hooks'] as const)
      for (const ecdhCurve of ['X25519MLKEM768', 'X25519', 'P-256'])
        assert.equal(await handshake(rig, site, { ecdhCurve }), 'TLSv1.3', `${site}, ${ecdhCurve}`)
    assert.notEqual(await handshake(rig, 'api', { ecdhCurve: 'P-521' }), 'TLSv1.3')
  })

  test('signs nothing over SHA-1 for clients of TLS 1.2, and what they can check with SHA-256', async () => {
    for (const site of ['keys', 'dashboard', 'hooks'] as const) {
      const signed = (sigalgs: string) => handshake(rigOf(), site, { maxVersion: 'TLSv1.2', sigalgs })
      assert.equal(await signed('ECDSA+SHA256'), 'TLSv1.2', site)
      assert.match(String(await signed('ECDSA+SHA1')), /HANDSHAKE_FAILURE/, site)
    }
  })

  test('speaks no HTTP/2: one connection is one request at a time', async () => {
    for (const site of ['api', 'keys', 'dashboard', 'hooks'] as const) {
      const spoken = (...ALPNProtocols: string[]) => agreed(rigOf(), site, { ALPNProtocols })
      assert.equal(await spoken('h2', 'http/1.1'), 'http/1.1', site)
      assert.equal(await spoken('http/1.1'), 'http/1.1', site)
      assert.match(String(await spoken('h2')), /NO_APPLICATION_PROTOCOL/, site)
    }
  })
}

/** What a connection is good for. */
export function connectionTests(rigOf: () => AppRig): void {
  test('lets go of those whom it refuses, and keeps the connection of others', async () => {
    for (const [path, known, status, goes] of [
      ['/v1/whoami', true, 200, false],
      ['//', true, 400, true],
      ['/v1/whoami', false, 401, true],
    ] as const)
      assert.deepEqual(await left(rigOf(), path, known), { status, goes }, path)
  })

  test('hands over each way of having a body or none on connections of its own, with the same claims', async () => {
    const message = { method: 'POST', path: '/v1/accounts/main/messages' }
    const handed = async (header: string[], body: string) => {
      const headers = ['Content-Type: application/json', ...header]
      const { told, arrived } = await ask(rigOf(), rigOf().honest, { ...message, headers, body })
      const [{ headers: seen = [], via = 0 } = {}] = arrived
      const claims = ['Postern-Site', 'Client-Cert'].map(name => seen[seen.indexOf(name) + 1] ?? '')
      return { told, via, claims }
    }
    const ways = [
      [['Content-Length: 2'], '{}'],
      [['Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\n\r\n'],
      [[], ''],
    ] as const
    const seen: Awaited<ReturnType<typeof handed>>[][] = ways.map(() => [])
    for (let n = 0; n < 4; n++)
      for (const [way, [header, body]] of ways.entries()) seen[way]?.push(await handed([...header], body))
    for (const { told, claims } of seen.flat()) {
      assert.match(told, /^422 invalid$/)
      assert.equal(claims[0], 'api')
      assert.match(claims[1] ?? '', /^:[A-Za-z0-9+/=]{100,}:$/)
    }
    const via = seen.map(each => new Set(each.map(one => one.via)))
    for (const each of via) assert.ok(each.size < 4 && !each.has(0), 'a connection is used again')
    const all = via.flatMap(each => [...each])
    assert.equal(new Set(all).size, all.length, 'none is used for two ways')
  })

  test("does not reach another site by that site's Host on this site's port", async () => {
    const rig = rigOf()
    const host = `localhost:${rig.ports.api}`
    const { arrived } = await ask(rig, rig.honest, { site: 'hooks', path: '/hooks/x', host })
    const sites = arrived.map(({ headers }) => headers[headers.indexOf('Postern-Site') + 1])
    assert.deepEqual(sites, ['hooks'])
  })

  test("gives nobody but the proxy an answer on the app's own port", async () => {
    const { http, honest } = rigOf()
    const options = { port: http.port, ca: http.internal.cert, servername: 'app', from: '127.0.0.1' }
    const told = async (client?: typeof honest) =>
      (await sendRaw(get('/livez', 'app'), { ...options, ...(client && { client }) })).kind
    assert.deepEqual(
      [await told(), await told(honest), await told(http.proxy)],
      ['closed', 'closed', 'answered'],
    )
  })

  test('keeps the UDP ports of the sites closed', async () => {
    const { ports } = rigOf()
    for (const port of [ports.api, ports.keys, ports.dashboard, ports.hooks]) await bindUdp(port) // would fail if Caddy spoke HTTP/3 there
  })
}

type SpokenTo = keyof AppRig['ports'] & ('api' | 'keys' | 'dashboard' | 'hooks')

/** The version that both agreed to, or what the edge said to a client that has nothing else to offer. */
function handshake(rig: AppRig, site: SpokenTo, offered: ConnectionOptions): Promise<unknown> {
  return shaken(rig, site, { offered, of: socket => socket.getProtocol() })
}

/** The protocol inside of TLS, or what the edge said to a client that speaks none of its own. */
function agreed(rig: AppRig, site: SpokenTo, offered: ConnectionOptions): Promise<unknown> {
  return shaken(rig, site, { offered, of: socket => socket.alpnProtocol })
}

type Look = { readonly offered: ConnectionOptions; readonly of: (socket: TLSSocket) => unknown }

function shaken({ ports, edge, honest }: AppRig, site: SpokenTo, { offered, of }: Look): Promise<unknown> {
  const tls = { ciphers: 'DEFAULT@SECLEVEL=0', ...offered }
  const socket = open({ port: ports[site], ca: edge.ca, client: honest, tls })
  return new Promise(resolve => {
    socket.once('error', error => resolve('code' in error ? error.code : error.message))
    socket.once('secureConnect', () => {
      resolve(of(socket))
      socket.destroy()
    })
  })
}

/** What a connection on the keys site is told that would go on, and whether it is ended thereafter. */
async function left({ ports, edge }: AppRig, path: string, known: boolean): Promise<object> {
  const proof = known ? `Authorization: Bearer ${KEY}\r\n` : ''
  const socket = open({ port: ports.keys, ca: edge.ca })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${ports.keys}\r\n${proof}\r\n`)
  const ended = new Promise(resolve => socket.once('end', () => resolve(true)))
  const head = await new Promise<string>((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1')))
    socket.once('error', reject)
  })
  const goes = /^connection: close/im.test(head)
  if (goes) await ended
  socket.destroy()
  return { status: Number(head.split(' ')[1]), goes }
}

function givesSessions(where: RawOptions): Promise<boolean> {
  const { port } = where
  const socket = open(where)
  return new Promise((resolve, reject) => {
    let given = false
    socket.once('session', () => {
      given = true
    })
    socket.once('secureConnect', () => socket.write(get('/v1', `localhost:${port}`)))
    socket.once('error', reject)
    socket.once('close', () => resolve(given))
    socket.resume()
  })
}

async function bindUdp(port: number): Promise<void> {
  for (const [type, address] of [
    ['udp4', '127.0.0.1'],
    ['udp4', '0.0.0.0'],
  ] as const) {
    const socket = createSocket(type)
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(port, address, resolve)
    })
    socket.close()
  }
}
