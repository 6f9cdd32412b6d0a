import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningHttp, startHttp } from './running-http.ts'

let http: RunningHttp
before(async () => (http = await startHttp()))
after(() => http.stop())

let number = 0
const fresh = () => `+1202555${String(1000 + number++)}`
const text = (to: string, body = 'hello') => ({ to, type: 'text', text: { body } })
const send = (body: unknown, headers = {}, as = 'billing') =>
  http.ask({ path: '/v1/accounts/main/messages', as, body, headers })

describe('an idempotency key', () => {
  const key = (value: string) => ({ 'idempotency-key': value })

  test('gives the same request the same answer, however it is written, and sends once', async () => {
    const to = fresh()
    const first = await send({ to, type: 'text', text: { body: 'once', preview_url: false } }, key('k-1'))
    const body = `{ "text": {"preview_url":false,"body":"once"},  "type":"text","to":"${to}"}`
    const again = await send(body, { ...key('k-1'), 'content-type': 'application/json' })
    assert.deepEqual([first.status, again.status], [202, 202])
    assert.deepEqual(again.json, first.json)
    assert.equal(first.headers['idempotency-replayed'], undefined)
    assert.equal(again.headers['idempotency-replayed'], 'true')
    assert.equal((await http.store.messages.list({ account: 'main', chat: to, limit: 5 })).items.length, 1)
  })

  test('makes one message of requests that come at the same time', async () => {
    const to = fresh()
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(text(to), key('k-4'))))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]))
    assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1)
    assert.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true').length, 7)
  })

  test('gives the first answer also after the message was taken back', async () => {
    const body = text(fresh())
    const first = await send(body, key('k-5'))
    const one = `/v1/accounts/main/messages/${first.json.id}`
    assert.equal((await http.ask({ path: one, as: 'billing', method: 'DELETE' })).json.status, 'cancelled')
    const again = await send(body, key('k-5'))
    assert.deepEqual([again.status, again.json], [202, first.json])
    assert.equal((await http.ask({ path: one, as: 'billing' })).json.status, 'cancelled')
  })

  test('gives the first answer also when the message may no longer leave', async () => {
    const body = { ...text(fresh()), expires_at: new Date(Date.now() + 2_000).toISOString() }
    const first = await send(body, key('k-6'))
    assert.equal(first.status, 202)
    await sleep(2_100)
    assert.deepEqual((await send(body, key('k-6'))).json, first.json)
    const late = await send(body, key('k-7'))
    assert.deepEqual([late.status, late.json.errors[0].path], [422, '$.expires_at'])
  })

  test('with another body or to another account is refused', async () => {
    const to = fresh()
    assert.equal((await send(text(to), key('k-2'))).status, 202)
    const other = await send(text(to, 'other'), key('k-2'))
    assert.deepEqual([other.status, other.json.code], [422, 'idempotency-key-reused'])
    const spare = { path: '/v1/accounts/spare/messages', as: 'billing', body: text(to), headers: key('k-2') }
    assert.equal((await http.ask(spare)).status, 422)
  })

  test('of another principal is another key', async () => {
    const to = fresh()
    const mine = await send(text(to), key('k-3'))
    const theirs = await send(text(to), key('k-3'), 'narrow')
    assert.notEqual(mine.json.id, theirs.json.id)
  })

  test('has 1 to 255 characters and stands there once', async () => {
    assert.equal((await send(text(fresh()), key('x'.repeat(256)))).status, 400)
    assert.equal((await send(text(fresh()), key(''))).status, 400)
    assert.equal((await send(text(fresh()), { 'idempotency-key': ['a', 'b'] })).status, 400)
    assert.equal((await send(text(fresh()), key('x'.repeat(255)))).status, 202)
  })
})
