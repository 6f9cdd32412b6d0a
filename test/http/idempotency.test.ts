import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
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
