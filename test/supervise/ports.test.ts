import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { loadConfig } from '../../app/config/config.ts'
import { explainTaken, freePortBase, neededPorts, takenPorts } from '../../app/supervise/processes/ports.ts'

test('a port that somebody listens on is taken, and the sentence says who it is', async t => {
  const server = createServer().listen(0, '0.0.0.0')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  assert.deepEqual(await takenPorts([port]), [port])
  assert.match(
    explainTaken([port]),
    new RegExp(`^port ${port} is in use by .+ \\(process ${process.pid}\\): `),
  )
  assert.match(explainTaken([port]), /POSTERN_PORT_BASE/)
  server.close()
  await once(server, 'close')
  assert.deepEqual(await takenPorts([port]), [])
})

test('a taken port whose holder cannot be seen is still explained', () => {
  assert.match(explainTaken([1, 2]), /^ports 1, 2 are in use by another program: /)
})

test('the ports needed are those of the sites in the policy, wherever they are', () => {
  const loaded = loadConfig({ env: {}, root: '/srv/postern', flags: { sandbox: false } })
  assert.ok(loaded.kind === 'loaded')
  const sites = {
    api: { address: 'https://api.example.com' },
    dashboard: { address: 'https://localhost:8443' },
  }
  const edge = edgeOf({ mode: 'acme' }, sites)
  assert.deepEqual(neededPorts(loaded.config, edge), [443, 8443, 7080, 7081])
  const named = { ...sites, dashboard: { address: 'https://desk.example.com' } }
  assert.deepEqual(neededPorts(loaded.config, edgeOf({ mode: 'acme' }, named)), [443, 80, 7080, 7081])
  assert.deepEqual(neededPorts(loaded.config, edgeOf({ mode: 'internal' }, named)), [443, 7080, 7081])
  const sandbox = { ...loaded.config, sandbox: true }
  assert.deepEqual(neededPorts(sandbox, edge), [443, 8443, 7080, 7081, 7070, 7071, 7072, 7073])
})

test('a base is found whose ports are all free', async t => {
  const taken = createServer()
    .listen(20_043, '127.0.0.1')
    .on('error', () => {})
  t.after(() => taken.close())
  const draws = [0, 0.5]
  const base = await freePortBase(() => draws.shift() ?? 0.9)
  assert.notEqual(base, 20_000)
})

type Edge = Parameters<typeof neededPorts>[1]

/** As much of an edge as says which ports it listens on. */
function edgeOf(tls: Pick<Edge['tls'], 'mode'>, sites: object): Edge {
  return { tls, sites } as unknown as Edge
}
