import assert from 'node:assert/strict'
import { after as afterAll, before, test } from 'node:test'
import { type Body, type RunningHttp, startHttp } from './running-http.ts'

const AT = new Date()
let http: RunningHttp

before(async () => {
  http = await startHttp({ now: () => AT })
})
afterAll(() => http.stop())

const after = (ms: number) => new Date(AT.getTime() + ms).toISOString()

const limits = async () => {
  const { data } = (await http.ask({ path: '/v1/limits', as: 'billing' })).json
  return new Map(data.map(limit => [limit.name, limit]))
}
const send = (to: string) =>
  http.ask({
    path: '/v1/accounts/main/messages',
    as: 'billing',
    body: { to, type: 'text', text: { body: 'hello' } },
  })

test('says with each answer what is left of the limits that were asked', async () => {
  const busy = await http.ask({ path: '/v1/accounts/main', as: 'busy' })
  assert.equal(busy.status, 200)
  assert.equal(busy.headers.ratelimit, '"per-principal";r=2;t=1200')
  assert.equal(busy.headers['ratelimit-policy'], '"per-principal";q=3;w=3600')
  const sent = await send('+12025550107')
  assert.equal(sent.status, 202)
  assert.equal(sent.headers.ratelimit, '"per-recipient";r=5;t=600')
  const unlimited = await http.ask({ path: '/v1/accounts/main', as: 'billing' })
  assert.doesNotMatch(unlimited.headers.ratelimit ?? '', /per-/)
})

test('lists every limit, how much of it is left for whom, and nobody’s whole number', async () => {
  for (let i = 0; i < 2; i++) await send('+12025550108')
  await http.ask({ path: '/v1/whoami', from: '127.0.0.9', headers: { 'client-cert': ':QUJD:' } })
  const found = await limits()
  assert.deepEqual([...found.keys()].sort(), ['failed-auth', 'per-principal', 'per-recipient'])
  const recipient = found.get('per-recipient') ?? assert.fail()
  const { buckets, ...declared } = recipient
  assert.deepEqual(declared, {
    counts: 'messages',
    name: 'per-recipient',
    key: ['account', 'recipient'],
    rate: '6/1h',
    burst: 6,
    on_exceed: 'reject',
    max_wait_ms: null,
    block_for_ms: null,
    when: { principals: null, first_contact: null },
    in_use: 2,
  })
  assert.deepEqual((buckets as Body[])[0], {
    ...{ account: 'main', contact: '+12…08', remaining: 4, of: 6 },
    ...{ full_at: after(20 * 60_000), blocked_until: null },
  })
  const failures = found.get('failed-auth') ?? assert.fail()
  assert.deepEqual((failures.buckets as Body[])[0], {
    ...{ ip: '127.0.0.9', remaining: 9, of: 10 },
    ...{ full_at: after(30_000), blocked_until: null },
  })
})

test('shows limits to whom the policy lets read it, and to nobody else', async () => {
  assert.equal((await http.ask({ path: '/v1/limits', as: 'narrow' })).status, 403)
})

test('shows the pace of each account, and what is left of today’s allowance', async () => {
  const linkedAt = new Date(AT.getTime() - 60_000)
  await http.store.accounts.put({ account: 'main', credentials: Buffer.from('none'), linkedAt })
  const warmUp = { start: 40, growth: 1.3, max: 1_500 }
  const pacing = new Map([
    ['main', { warmUp }],
    ['spare', { jitter: { minMs: 800, maxMs: 2_500 } }],
  ])
  http.setPolicy({ pacing })
  assert.deepEqual((await http.ask({ path: '/v1/limits', as: 'billing' })).json.pacing, [
    {
      account: 'main',
      jitter: null,
      warm_up: warmUp,
      today: { allowance: 40, remaining: 40, until: after(24 * 60 * 60_000 - 60_000) },
    },
    { account: 'spare', jitter: { min_ms: 800, max_ms: 2_500 }, warm_up: null, today: null },
  ])
})
