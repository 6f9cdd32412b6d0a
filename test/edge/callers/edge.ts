import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test } from 'node:test'
import type { AppRig } from '../app-rig.ts'
import { get, open, sendRaw } from '../raw-request.ts'
import { ask } from './ask.ts'

/** What no single request shows. */
export function edgeTests(rigOf: () => AppRig): void {
  // A resumed session would bring the certificate in without a look at the client CA of the day.
  test('gives out sessions to resume on sites without client certificates, and none on the api site', async () => {
    assert.equal(await sessionsGivenOut(rigOf(), 'keys'), true)
    assert.equal(await sessionsGivenOut(rigOf(), 'api'), false)
  })

  test('speaks TLS 1.3 alone on the api site, 1.2 as well where browsers and partners call, and nothing older', async () => {
    const rig = rigOf()
    const tooOld = 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'
    const spoken = (site: SpokenTo) =>
      Promise.all((['TLSv1.3', 'TLSv1.2', 'TLSv1.1'] as const).map(version => handshake(rig, site, version)))
    assert.deepEqual(await spoken('api'), ['TLSv1.3', tooOld, tooOld])
    for (const site of ['keys', 'dashboard', 'hooks'] as const)
      assert.deepEqual(await spoken(site), ['TLSv1.3', 'TLSv1.2', tooOld], site)
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
    for (const port of [ports.api, ports.dashboard]) await bindUdp(port) // would fail if Caddy spoke HTTP/3 there
  })
}

type SpokenTo = keyof AppRig['ports'] & ('api' | 'keys' | 'dashboard' | 'hooks')

/** The version that both agreed to, or what the edge said to a client that has no other. */
function handshake(
  { ports, edge, honest }: AppRig,
  site: SpokenTo,
  version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
): Promise<unknown> {
  const tls = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const
  const socket = open({ port: ports[site], ca: edge.ca, client: honest, tls })
  return new Promise(resolve => {
    socket.once('error', error => resolve('code' in error ? error.code : error.message))
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol())
      socket.destroy()
    })
  })
}

function sessionsGivenOut({ ports, edge, honest }: AppRig, site: 'api' | 'keys'): Promise<boolean> {
  const port = ports[site]
  const socket = open({ port, ca: edge.ca, client: honest })
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
