import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { titleOf } from '../../app/http/errors.ts'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'
import { renderEdge } from '../../app/policy/render-edge.ts'
import { reloadEdge, writeNext } from '../../app/supervise/edge.ts'
import { get, open, type RawAnswer, sendRaw } from './raw-request.ts'
import { type Rig, startRig } from './rig.ts'
import { startUpstream } from './upstream.ts'

const UPLOAD = '/v1/accounts/main/media'
const ORDINARY = '/v1/accounts/main/messages'
const UNSUPPORTED = 'unsupported-media-type'

let rig: Rig
let honest: CertificateAndKey

before(async () => {
  rig = await startRig({ portBase: 27_300 })
  honest = await rig.clientCa.issue()
})
after(() => rig.stop())

function to(site: 'api' | 'keys') {
  return { port: rig.config.ports[site], ca: rig.ca, client: honest }
}

function post(path: string, size: number, declared = `Content-Length: ${size}`): Promise<RawAnswer> {
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: localhost:${rig.config.ports.api}`,
    'Connection: close',
    declared,
  ]
  const body = declared.startsWith('Content-Length')
    ? 'x'.repeat(size)
    : `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`
  return sendRaw(`${head.join('\r\n')}\r\n\r\n${body}`, to('api'))
}

for (const [name, path, size, want] of [
  ['a request as large as the limit', ORDINARY, 10_000, 200],
  ['a request one byte above it', ORDINARY, 10_001, 413],
  ['an upload as large as its limit', UPLOAD, 100_000, 200],
  ['an upload one byte above it', UPLOAD, 100_001, 413],
  ['a large body beside the upload route', `${UPLOAD}/x`, 10_001, 413],
] as const) {
  test(`answers ${want} to ${name}, with a length and in chunks`, async () => {
    for (const declared of [undefined, 'Transfer-Encoding: chunked']) {
      const answer = await post(path, size, declared)
      assert.ok(answer.kind === 'answered', JSON.stringify(answer))
      assert.equal(answer.status, want)
    }
  })
}

test('answers 415 to a compressed body of any kind, of which the app sees nothing, and 200 to a plain one', async () => {
  const host = `localhost:${rig.config.ports.api}`
  const before = rig.upstream.seen.length
  const said = (path: string, lines: readonly string[]) => {
    const head = [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      'Connection: close',
      'Content-Length: 2',
      ...lines,
    ]
    return sendRaw(`${head.join('\r\n')}\r\n\r\n{}`, to('api'))
  }
  for (const path of [ORDINARY, UPLOAD]) {
    for (const coding of ['gzip', 'br', 'identity, gzip', 'none']) {
      const answer = await said(path, [`Content-Encoding: ${coding}`])
      assert.ok(answer.kind === 'answered', JSON.stringify(answer))
      const { status, code, title } = JSON.parse(answer.body)
      assert.deepEqual([answer.status, status, code], [415, 415, UNSUPPORTED], coding)
      assert.equal(title, titleOf(UNSUPPORTED), 'as the app says it')
    }
  }
  assert.equal(rig.upstream.seen.length, before)
  for (const lines of [[], ['Content-Encoding: identity'], ['Content-Encoding: Identity']]) {
    const answer = await said(ORDINARY, lines)
    assert.ok(answer.kind === 'answered' && answer.status === 200, JSON.stringify(answer))
  }
})

test('answers 400 to chunks that are none, and 200 to those that are', async () => {
  const before = rig.upstream.seen.length
  const host = `localhost:${rig.config.ports.api}`
  const head = `POST ${ORDINARY} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`
  for (const body of [
    'zz\r\nhello\r\n0\r\n\r\n',
    '5\r\nhelloXX0\r\n\r\n',
    `${'f'.repeat(17)}\r\nhello`,
    '5\r\nhello\r\n0\r\nno trailer\r\n\r\n',
  ]) {
    const answer = await sendRaw(head + body, to('api'))
    assert.ok(answer.kind === 'answered', JSON.stringify(answer))
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [400, 'edge.400'], body)
  }
  assert.equal(rig.upstream.seen.length, before)
  const good = await sendRaw(`${head}5\r\nhello\r\n0\r\n\r\n`, to('api'))
  assert.ok(good.kind === 'answered' && good.status === 200, JSON.stringify(good))
})

test('answers 431 to headers above 16 KiB and takes those below', async () => {
  const host = `localhost:${rig.config.ports.api}`
  const large = await sendRaw(get('/v1', host, [`X-Large: ${'x'.repeat(24_000)}`]), to('api'))
  assert.ok(large.kind === 'answered' && large.status === 431, JSON.stringify(large))
  const fitting = await sendRaw(get('/v1', host, [`X-Large: ${'x'.repeat(12_000)}`]), to('api'))
  assert.ok(fitting.kind === 'answered' && fitting.status === 200)
})

test('ends a connection whose headers do not come within the time for headers', async () => {
  const begun = Date.now()
  const answer = await sendRaw('GET /v1 HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', to('api'))
  const tookMs = Date.now() - begun
  assert.ok(answer.kind === 'closed' || answer.status === 408, JSON.stringify(answer))
  assert.ok(tookMs >= 500 && tookMs < 4_000, `${tookMs} ms`)
})

test('ends a connection whose body neither comes nor is given up by the app', async () => {
  const part = renderEdge(rig.snapshot, { loopback: ['127.0.0.1', '::1'] })
  const sooner = part.replace('read_body 6500ms', 'read_body 1500ms') // so that nobody waits for it here
  assert.notEqual(sooner, part)
  assert.deepEqual(await reloadEdge(rig.deps, writeNext(rig.config, sooner)), { ok: true })
  const begun = Date.now()
  const head = `POST ${ORDINARY} HTTP/1.1\r\nHost: localhost:${rig.config.ports.api}\r\nContent-Length: 100\r\n\r\n`
  const before = rig.upstream.seen.length
  await sendRaw(`${head}half`, to('api'))
  const tookMs = Date.now() - begun
  assert.ok(tookMs >= 1_000 && tookMs < 5_000, `${tookMs} ms`)
  assert.equal(rig.upstream.seen.length, before)
})

test('gives an upload longer than the time for bodies', async () => {
  const socket = open(to('api'))
  const answered = new Promise<string>((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed without an answer')))
  })
  const host = `localhost:${rig.config.ports.api}`
  socket.write(`POST ${UPLOAD} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 8\r\n\r\nfour`)
  await new Promise(resolve => setTimeout(resolve, 2_500))
  socket.write('more')
  assert.match(await answered, /^HTTP\/1\.1 200/)
  socket.destroy()
})

test('passes an event stream on as it comes, and lets it go on over a reload', async () => {
  const socket = open(to('keys'))
  let received = ''
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString()
  })
  socket.write(get('/v1/events', `localhost:${rig.config.ports.keys}`))
  await until(() => count(received) >= 2)
  const digest = writeNext(rig.config, renderEdge(rig.snapshot, { loopback: ['127.0.0.1'] }))
  assert.deepEqual(await reloadEdge(rig.deps, digest), { ok: true })
  const before = count(received)
  await until(() => count(received) >= before + 3)
  socket.destroy()
})

test('lets a request wait while the app restarts, and answers 503 with a time to come back when it stays away', async () => {
  await rig.upstream.close()
  const waiting = post(ORDINARY, 100)
  await new Promise(resolve => setTimeout(resolve, 700))
  const back = await startUpstream(rig.config)
  const served = await waiting
  await back.close()
  assert.ok(served.kind === 'answered' && served.status === 200, JSON.stringify(served))

  const answer = await sendRaw(get('/v1/whoami', `localhost:${rig.config.ports.api}`), to('api'))
  assert.ok(answer.kind === 'answered' && answer.status === 503, JSON.stringify(answer))
  assert.match(answer.head, /^retry-after: 5/im)
  assert.equal(JSON.parse(answer.body).code, 'edge.no_app')
})

function count(text: string): number {
  return text.split('data: tick').length - 1
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('did not happen within 5 s')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
