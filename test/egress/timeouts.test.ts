import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { egressTo, requestTo, startServer } from './https-server.ts'

const LONG = { skip: process.env.TEST_LONG === undefined && 'minutes long: --long' }
const PATIENT = { timeoutMs: 30_000 }

async function took<T>(work: Promise<T>): Promise<{ readonly value: T; readonly seconds: number }> {
  const startedAt = performance.now()
  return { value: await work, seconds: (performance.now() - startedAt) / 1_000 }
}

test('waits five seconds for a connection, the handshake of TLS included', LONG, async t => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1')
  await once(mute, 'listening')
  t.after(() => mute.close())
  const { port } = mute.address() as AddressInfo
  const egress = egressTo('127.0.0.1')
  const { value, seconds } = await took(egress.request(requestTo(`https://hooks.test:${port}/`, PATIENT)))
  assert.equal(value.kind, 'failed')
  assert.ok(seconds >= 4.5 && seconds < 14, String(seconds))
  await egress.close()
})

test('waits fifteen seconds for the status of an answer', LONG, async t => {
  const server = await startServer(t, () => {})
  const egress = egressTo('127.0.0.1')
  const request = requestTo(`https://hooks.test:${server.port}/`, PATIENT)
  const { value, seconds } = await took(egress.request(request))
  assert.equal(value.kind, 'failed')
  assert.ok(seconds >= 14 && seconds < 29, String(seconds))
  assert.equal(server.requests, 1)
  await egress.close()
})

test('gives up a download that falls silent, and has patience with one that comes slowly', async t => {
  const server = await startServer(t, ({ url }, response) => {
    response.writeHead(200, { 'content-length': '10' })
    response.write('0')
    let left = url === '/slow' ? 9 : 0
    const drip = setInterval(() => {
      if (left-- > 0) response.write('1')
    }, 400)
    response.once('close', () => clearInterval(drip))
  })
  const egress = egressTo('127.0.0.1')
  const take = async (path: string) => {
    const url = `https://hooks.test:${server.port}${path}`
    const download = await egress.download({ ...requestTo(url, PATIENT), method: 'GET', silenceMs: 2_000 })
    assert.equal(download.kind, 'answered')
    const bytes = download.kind === 'answered' ? await download.body.toArray() : []
    return Buffer.concat(bytes as Buffer[]).toString()
  }
  const { value, seconds } = await took(take('/slow'))
  assert.equal(value, '0111111111')
  assert.ok(seconds > 3)
  const silent = await took(take('/silent').catch((error: Error) => error.name))
  assert.equal(silent.value, 'BodyTimeoutError')
  assert.ok(silent.seconds < 20, String(silent.seconds))
  await egress.close()
})
