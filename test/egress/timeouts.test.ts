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
