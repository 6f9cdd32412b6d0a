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
