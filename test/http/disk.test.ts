import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHttp } from './running-http.ts'

test('a nearly full disk refuses what is new with a time to come back, answers the rest, and recovers', async t => {
  let bavail = 2
  const http = await startHttp({ statfs: async () => ({ blocks: 100, bavail }) })
  t.after(() => http.stop())
  const body = { to: '+12025550123', type: 'text', text: { body: 'hello' } }
  const send = () => http.ask({ path: '/v1/accounts/main/messages', as: 'billing', body })
  const refused = await send()
  assert.deepEqual([refused.status, refused.json.code], [503, 'disk-full'])
  assert.equal(refused.headers['retry-after'], '30')
  assert.match(refused.headers['content-type'] ?? '', /^application\/problem\+json/)
  assert.equal((await http.ask({ path: '/v1/accounts/main/messages', as: 'billing' })).json.data.length, 0)
  const ready = await http.ask({ path: '/readyz', site: null })
  assert.deepEqual([ready.status, ready.json.disk], [200, 'full'])
  bavail = 50
  await new Promise<void>(resolve => http.store.disk.onChange(({ level }) => level === 'ok' && resolve()))
  assert.equal((await send()).status, 202)
  assert.equal((await http.ask({ path: '/readyz', site: null })).json.disk, 'ok')
})
