import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { readInTurns } from '../../app/http/hop/bodies.ts'
import { type Log, silentLog } from '../../app/lib/log.ts'
import { createTestAuthority } from '../helpers/certificates.ts'
import { type RunningHttp, startHttp } from './running-http.ts'
import { testPolicy } from './running-policy.ts'

let http: RunningHttp
before(async () => (http = await startHttp()))
after(() => http.stop())

const whoami = { path: '/v1/whoami', as: 'billing' }

describe('who may open a connection', () => {
  test('the proxy may', async () => {
    assert.equal((await http.ask(whoami)).status, 200)
  })

  test('nobody may without a certificate', async () => {
    await assert.rejects(http.ask({ ...whoami, tls: {} }), { code: /ECONNRESET|ERR_SSL/ })
  })

  test('a certificate of another authority with the right name may not', async () => {
    const foreign = await createTestAuthority('Foreign')
    const tls = await foreign.issue({ uris: ['spiffe://postern/internal/proxy'] })
    await assert.rejects(http.ask({ ...whoami, tls }), { code: /ECONNRESET|ERR_SSL/ })
  })

  for (const uris of [
    ['spiffe://postern/internal/metrics'],
    ['spiffe://postern/internal/proxy', 'spiffe://postern/internal/metrics'],
    ['spiffe://postern/internal/proxy/x'],
    [],
  ]) {
    test(`a certificate of the internal authority with [${uris}] may not`, async () => {
      const tls = await http.internal.issue({ uris })
      await assert.rejects(http.ask({ ...whoami, tls }), { code: 'ECONNRESET' })
    })
  }

  test('the name as DNS name, not as URI, may not', async () => {
    const tls = await http.internal.issue({ uris: [], dnsNames: ['spiffe.postern.internal.proxy'] })
    await assert.rejects(http.ask({ ...whoami, tls }), { code: 'ECONNRESET' })
  })

  test('the proxy’s name on a certificate that is not for clients may not', async () => {
    const tls = await http.internal.issue({
      uris: ['spiffe://postern/internal/proxy'],
      usages: ['serverAuth'],
    })
    await assert.rejects(http.ask({ ...whoami, tls }), { code: /ECONNRESET|ERR_SSL/ })
  })
})

test('who tries to pass for the proxy is in the log, and the check of health every few seconds is not', async t => {
  const warnings: unknown[] = []
  const warn: Log['warn'] = (event, fields) => void warnings.push([event, fields?.reason])
  const http = await startHttp({ log: { ...silentLog, warn } })
  t.after(() => http.stop())
  const dockerfile = readFileSync(new URL('../../app/Dockerfile', import.meta.url), 'utf8')
  const check = /^HEALTHCHECK .* CMD \["node", "-e", \\\n\t"(.*)"\]$/m.exec(dockerfile)?.[1] ?? assert.fail()
  await promisify(execFile)(process.execPath, ['-e', check.replace('7080', String(http.port))])
  const foreign = await createTestAuthority('Foreign')
  const uris = ['spiffe://postern/internal/proxy']
  for (const tls of [{}, await foreign.issue({ uris }), await http.internal.issue({ uris: [] })])
    await assert.rejects(http.ask({ ...whoami, tls }))
  assert.deepEqual(warnings, [
    ['hop.refused', 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'],
    ['hop.refused', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['hop.refused', 'the peer is not the proxy'],
  ])
})

test('a renewed internal CA counts at once: certificates of the one before are refused on both ends, without a restart', async () => {
  const next = await createTestAuthority('Next internal')
  const uris = ['spiffe://postern/internal/proxy']
  const [before, after] = [http.proxy, await next.issue({ uris })]
  const isLetIn = (tls: typeof after) =>
    http.ask({ ...whoami, tls }).then(
      ({ status }) => status === 200,
      () => false,
    )
  const own = await http.internal.issue({ usages: ['serverAuth'], uris: [], dnsNames: ['app'] })
  assert.deepEqual([await isLetIn(before), await isLetIn(after)], [true, false])
  http.setHop({ ...own, ca: `${http.internal.cert}\n${next.cert}` })
  assert.equal(await serialShown(), new X509Certificate(own.cert).serialNumber)
  assert.deepEqual([await isLetIn(before), await isLetIn(after)], [true, true])
  http.setHop({ ...own, ca: next.cert })
  assert.deepEqual([await isLetIn(before), await isLetIn(after)], [false, true])
  http.setHop({ ...own, ca: http.internal.cert })
  assert.deepEqual([await isLetIn(before), await isLetIn(after)], [true, false])
})

/** Of the certificate that the app has for new connections. */
function serialShown(): Promise<string | undefined> {
  const socket = connect({
    ...http.proxy,
    host: '127.0.0.1',
    port: http.port,
    servername: 'app',
    ca: http.internal.cert,
  })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber)
      socket.destroy()
    })
  })
}

describe('what the proxy says of a request', () => {
  for (const name of ['Postern-Site', 'Postern-Remote-Ip', 'Client-Cert', 'Postern-Basic-User']) {
    test(`two ${name} headers are refused`, async () => {
      const value =
        name === 'Client-Cert' ? await http.certOf('billing') : name === 'Postern-Site' ? 'api' : '127.0.0.1'
      const answer = await http.ask({ ...whoami, headers: { [name.toLowerCase()]: [value, value] } })
      assert.equal(answer.status, 400)
      assert.equal(answer.json.code, 'malformed')
    })
  }

  test('a request without a site finds only the probes', async () => {
    assert.equal((await http.ask({ path: '/v1/whoami', site: null })).status, 404)
    assert.equal((await http.ask({ path: '/livez', site: null })).status, 200)
    assert.equal((await http.ask({ path: '/readyz', site: null })).status, 200)
  })

  test('a site that does not exist has nothing', async () => {
    for (const site of ['', 'API', 'admin', 'api,keys']) {
      assert.equal((await http.ask({ ...whoami, site })).status, 404)
    }
  })

  test('a request whose origin the proxy does not tell is refused', async () => {
    for (const from of ['', 'localhost', '127.0.0.1, 10.0.0.1']) {
      assert.equal((await http.ask({ ...whoami, from })).status, 400)
    }
  })

  test('the site’s networks are checked again', async () => {
    const answer = await http.ask({ ...whoami, from: '192.0.2.9' })
    assert.equal(answer.status, 403)
    assert.equal((await http.ask(whoami)).status, 200)
  })

  test('a site that the policy does not declare has nothing', async () => {
    const bearer = { path: '/v1/whoami', site: 'keys', headers: { authorization: 'Bearer pk_x' } }
    assert.equal((await http.ask(bearer)).status, 401)
    const snapshot = testPolicy()
    const { keys, ...others } = snapshot.edge.sites
    assert.ok(keys)
    http.setPolicy({ edge: { ...snapshot.edge, sites: others } })
    assert.equal((await http.ask(bearer)).status, 404)
    http.setPolicy({ edge: snapshot.edge })
  })
})

describe('probes', () => {
  test('answer without a name on every site but hooks', async () => {
    for (const site of ['api', 'keys', 'dashboard']) {
      assert.equal((await http.ask({ path: '/livez', site })).status, 200)
      assert.deepEqual((await http.ask({ path: '/readyz', site })).json, { status: 'ready', disk: 'ok' })
    }
    assert.equal((await http.ask({ path: '/livez', site: 'hooks' })).status, 404)
  })

  test('tell when the appliance is not ready, and that it lives all the same', async () => {
    http.setReady(false)
    const answer = await http.ask({ path: '/readyz' })
    assert.equal(answer.status, 503)
    assert.equal(answer.json.code, 'not-ready')
    assert.match(answer.json.detail, /the accounts are starting/)
    assert.equal((await http.ask({ path: '/livez' })).status, 200)
    http.setReady(true)
  })
})

describe('bodies that lie there as a whole', () => {
  const MIB = 1_024 * 1_024
  const AT_ONCE = 8
  /** More than Node takes from two sockets at once (one whose turn it is, one that begins), and less than lies in one. */
  const A_TURN = 192 * 1_024

  /** The most bytes of all bodies that are taken before others have their turn, and all. */
  async function taken(t: TestContext, read: (request: IncomingMessage) => void) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const came: IncomingMessage[] = []
    let [inTurn, most, all, ended] = [0, 0, 0, 0]
    const server = createServer(request => {
      request.on('data', (piece: Buffer) => {
        if (inTurn === 0) setImmediate(() => (inTurn = 0))
        inTurn += piece.length
        most = Math.max(most, inTurn)
        all += piece.length
      })
      request.once('end', () => ++ended === AT_ONCE && resolve())
      request.pause()
      if (came.push(request) === AT_ONCE) setTimeout(begin, 50) // by then the sockets are full
    })
    const begin = async () => {
      for (const request of came) {
        read(request)
        await turn()
      }
    }
    t.after(() => server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const calls = Array.from({ length: AT_ONCE }, () => {
      const call = request({ port, host: '127.0.0.1', method: 'POST', agent: false })
      call.once('error', () => {}) // nobody answers
      return call.end(Buffer.alloc(MIB))
    })
    await promise
    for (const call of calls) call.destroy()
    return { most, all }
  }

  test('are taken piece by piece where they are read in turns', async t => {
    const { most, all } = await taken(t, request => {
      readInTurns(request)
      request.resume()
    })
    assert.equal(all, AT_ONCE * MIB)
    assert.ok(most <= A_TURN, `${most} bytes`)
  })

  test('are taken in a few goes otherwise', async t => {
    const { most, all } = await taken(t, request => void request.resume())
    assert.equal(all, AT_ONCE * MIB)
    assert.ok(most > A_TURN, `${most} bytes`)
  })

  test('are taken so by the app, whether they are read or not', async t => {
    const http = await startHttp()
    t.after(() => http.stop())
    const { edge } = testPolicy()
    http.setPolicy({ edge: { ...edge, limits: { ...edge.limits, maxBodyBytes: MIB } } })
    let [pauses, pieces] = [0, 0]
    const begun = (message: unknown) => {
      const { request } = message as { request: IncomingMessage }
      const [pause, emit] = [request.pause.bind(request), request.emit.bind(request)]
      request.pause = () => {
        pauses += 1
        return pause()
      }
      request.emit = (event: string | symbol, ...more: unknown[]) => {
        if (event === 'data') pieces += 1
        return emit(event, ...more)
      }
    }
    subscribe('http.server.request.start', begun)
    t.after(() => unsubscribe('http.server.request.start', begun))
    const body = JSON.stringify({ to: '+12025550199', type: 'text', text: { body: 'x'.repeat(MIB / 2) } })
    for (const [headers, status] of [
      [{ 'content-type': 'application/json' }, 422],
      [{ 'content-type': 'text/plain' }, 415],
      [{ 'content-type': 'application/json', 'content-encoding': 'gzip' }, 415],
    ] as const) {
      pauses = 0
      pieces = 0
      const path = '/v1/accounts/main/messages'
      const answer = await http.ask({ method: 'POST', path, body, headers, as: 'billing' })
      assert.equal(answer.status, status)
      assert.ok(pieces >= 8, `${pieces} pieces of ${JSON.stringify(headers)}`)
      assert.equal(pauses, pieces, `once for each piece of ${JSON.stringify(headers)}`)
    }
  })
})
