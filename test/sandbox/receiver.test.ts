import assert from 'node:assert/strict'
import { appendFileSync, readFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { startReceiver, temporaryFolder } from './running-receiver.ts'

test('keeps headers, raw body and arrival time of every webhook, over a restart as well', async t => {
  const state = temporaryFolder(t)
  const first = await startReceiver(t, state)
  assert.equal(await post(first, '{"a": 1 }'), 204)
  const ca = first.ca
  await first.stop()

  appendFileSync(join(state, 'deliveries.ndjson'), '{"seq":2,"at":"cut sho')
  const second = await startReceiver(t, state)
  assert.equal(second.ca, ca)
  assert.equal(await post(second, 'zweiter ü'), 204)

  const all = await second.deliveries()
  assert.deepEqual(
    all.map(({ seq, body, status }) => ({ seq, body, status })),
    [
      { seq: 1, body: '{"a": 1 }', status: 204 },
      { seq: 2, body: 'zweiter ü', status: 204 },
    ],
  )
  assert.equal(all[0]?.headers['x-test'], 'yes')
  assert.ok(Math.abs(Date.parse(all[0]?.at ?? '') - Date.now()) < 60_000)
  assert.deepEqual(
    (await second.deliveries(1)).map(entry => entry.seq),
    [2],
  )
})

test('misbehaves as often as it was told, then answers as usual', async t => {
  const receiver = await startReceiver(t)
  assert.equal(
    await receiver.behave({ status: 503, delay_ms: 50, times: 2, headers: { 'retry-after': '7' } }),
    200,
  )
  const startedAt = performance.now()
  assert.deepEqual(
    [await post(receiver, '1'), await post(receiver, '2'), await post(receiver, '3')],
    [503, 503, 204],
  )
  assert.ok(performance.now() - startedAt >= 95)
  assert.deepEqual(
    (await receiver.deliveries()).map(entry => entry.status),
    [503, 503, 204],
  )
})

test('refuses a behaviour it cannot have and keeps the one it had', async t => {
  const receiver = await startReceiver(t)
  await receiver.behave({ status: 418 })
  for (const wrong of [{ status: 99 }, { status: '500' }, { status: 500, times: -1 }, {}]) {
    assert.equal(await receiver.behave(wrong), 422)
  }
  assert.equal(await post(receiver, 'x'), 418)
})

test('goes on when a sender hangs up in the middle of its body', async t => {
  const receiver = await startReceiver(t)
  const { port } = new URL(receiver.url)
  const socket = connect({ port: Number(port), host: '127.0.0.1', ca: receiver.ca, servername: 'localhost' })
  socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nhalf')
  await new Promise(resolve => setTimeout(resolve, 50))
  socket.destroy()
  assert.equal(await post(receiver, 'whole'), 204)
  assert.deepEqual(
    (await receiver.deliveries()).map(entry => entry.body),
    ['whole'],
  )
})

test('is trusted only through its own CA, which it writes beside its ledger', async t => {
  const receiver = await startReceiver(t)
  assert.equal(readFileSync(join(receiver.state, 'receiver-ca.pem'), 'utf8'), receiver.ca)
  assert.equal(await post(receiver, 'x'), 204)
  await assert.rejects(post({ ...receiver, ca: undefined }, 'x'), /certificate/)
})

function post(receiver: { url: string; ca: string | undefined }, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      headers: { 'x-test': 'yes' },
      agent: false,
      ...(receiver.ca && { ca: receiver.ca }),
    }
    const request = httpsRequest(receiver.url, options, response => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', reject).end(body)
  })
}
