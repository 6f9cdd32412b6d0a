import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import type { NewEvent } from '../../app/model/event.ts'
import type { Endpoint } from '../../app/policy/snapshot.ts'
import { endpointOf, SIGNING_SECRET } from '../deliveries/samples.ts'
import { certificate, startServer } from '../egress/https-server.ts'
import { type RunningHttp, startHttp } from './running-http.ts'
import { testPolicy } from './running-policy.ts'

let http: RunningHttp
before(async () => {
  http = await startHttp({ secrets: { 'secret:sign': SIGNING_SECRET, 'secret:ca': certificate.ca } })
})
after(() => http.stop())

const ask = (path: string, as = 'billing', more = {}) => http.ask({ path, as, ...more })
const post = (path: string, body: unknown = {}, as = 'billing') => ask(path, as, { method: 'POST', body })
const declare = (...endpoints: Endpoint[]) =>
  http.setPolicy({ endpoints: new Map(endpoints.map(endpoint => [endpoint.name, endpoint])) })
const audited = async (action: string) => (await http.store.audit.list({ action, limit: 50 })).items

let count = 0
/** Events of these accounts, each owed to the endpoint `ops`; null is an event of no account. */
async function owe(...accounts: (string | null)[]): Promise<string[]> {
  const events = accounts.map((account): NewEvent => {
    const n = ++count
    const deliveries = [{ id: `dlv_${n}`, endpoint: 'ops', lane: '' }]
    const event = { id: `evt_${n}`, type: 'message.received', at: new Date(), data: {}, deliveries } as const
    return account === null ? event : { ...event, account }
  })
  await http.store.events.append({ events })
  return events.map(({ deliveries }) => deliveries[0]?.id ?? '')
}

async function die(...ids: string[]): Promise<void> {
  for (const id of ids) {
    const attempt = {
      at: new Date(),
      status: 500,
      reason: 'endpoint answered 500',
      tookMs: 3,
      answer: 'oh no',
    }
    await http.store.deliveries.settle(id, { kind: 'dead', attempt })
  }
}

const statusOf = async (id: string) => (await http.store.deliveries.get(id))?.status

test('an endpoint is listed with its health and what it is owed', async () => {
  declare(endpointOf(), endpointOf({ name: 'crm', signScheme: 'v1a' }))
  const [dead] = await owe('main', 'main')
  await die(dead ?? '')
  const at = new Date()
  http.endpoints.learn('ops', { kind: 'gone', startedAt: at, endedAt: at })
  const [ops, crm] = (await ask('/v1/endpoints')).json.data
  const { disabled_at, failing_since, last_failure_at, ...health } = ops.health as Record<string, unknown>
  assert.deepEqual(health, {
    state: 'disabled',
    disabled_because: 'gone',
    breaker: 'closed',
    breaker_open_until: null,
    pending: 1,
    dead: 1,
    failure_count: 1,
    last_success_at: null,
  })
  assert.ok([disabled_at, failing_since, last_failure_at].every(value => typeof value === 'string'))
  assert.match(JSON.stringify(crm), /"state":"enabled"/)
  assert.deepEqual(crm?.sign, { scheme: 'v1a' })
})

test('a disabled endpoint is enabled by those who may replay all of it, with an event and an audit entry', async () => {
  declare(endpointOf({ accounts: new Set(['main', 'spare']) }))
  assert.equal((await post('/v1/endpoints/ops/enable', {}, 'narrow')).status, 403)
  assert.equal((await post('/v1/endpoints/nothing/enable')).status, 404)
  assert.equal((await post('/v1/endpoints/ops/enable', { now: true })).status, 422)
  const answer = await post('/v1/endpoints/ops/enable')
  assert.deepEqual([answer.status, answer.json.state], [200, 'enabled'])
  assert.equal((await post('/v1/endpoints/ops/enable')).status, 409, 'it is enabled already')
  assert.equal((await audited('endpoint.enabled')).at(-1)?.principal, 'billing')
  const { items } = await http.store.events.list({ limit: 100 })
  assert.equal(items.at(-1)?.type, 'endpoint.enabled')
})

test('a test posts one signed event that is not stored, and shows the answer', async t => {
  let seen: { body: string; headers: Record<string, string> } | undefined
  const server = await startServer(t, async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    seen = { body, headers: request.headers as Record<string, string> }
    response.writeHead(request.url === '/no' ? 500 : 200).end('thanks')
  })
  const at = (path: string) =>
    declare(
      endpointOf({
        url: `https://localhost:${server.port}${path}`,
        caRef: 'secret:ca',
        allowCidrs: ['127.0.0.0/8', '::1/128'],
      }),
    )
  const eventsBefore = (await http.store.events.list({ limit: 200 })).items.length
  at('/yes')
  const taken = await post('/v1/endpoints/ops/test')
  assert.deepEqual([taken.status, taken.json.taken, taken.json.answer], [200, true, 'thanks'])
  assert.ok(seen)
  new Webhook(SIGNING_SECRET).verify(seen.body, seen.headers)
  const { type, sequence, data } = JSON.parse(seen.body)
  assert.deepEqual([type, sequence, data.endpoint], ['endpoint.test', null, 'ops'])
  at('/no')
  const refused = await post('/v1/endpoints/ops/test')
  assert.deepEqual([refused.json.taken, refused.json.reason], [false, 'endpoint answered 500'])
  assert.equal((await http.store.events.list({ limit: 200 })).items.length, eventsBefore)
  assert.equal(http.endpoints.get('ops').failureCount, 0, 'the breaker does not hear of it')
  assert.equal((await audited('endpoint.test')).length, 2)
  assert.equal((await post('/v1/endpoints/ops/test', {}, 'narrow')).status, 403)
  assert.equal(server.requests, 2)
})

test('a delivery shows the answer that its last attempt had, a list does not', async () => {
  declare(endpointOf())
  const [id = ''] = await owe('main')
  await die(id)
  const shown = await ask(`/v1/deliveries/${id}`)
  assert.equal((shown.json.attempts as { answer: string }[])[0]?.answer, 'oh no')
  assert.doesNotMatch((await ask('/v1/deliveries')).bytes.toString(), /oh no/)
})

test('dead letters of an endpoint are replayed by time, and the act is audited', async () => {
  declare(endpointOf())
  const [early = '', late = ''] = await owe('main', 'spare')
  await die(early, late)
  const nothing = await post('/v1/deliveries/replay', { endpoint: 'ops', to: '2020-01-01T00:00:00Z' })
  assert.deepEqual([nothing.status, nothing.json.replayed], [202, 0])
  const from = new Date(Date.now() - 60_000).toISOString()
  const answer = await post('/v1/deliveries/replay', { endpoint: 'ops', from })
  assert.equal(answer.status, 202)
  assert.ok(Number(answer.json.replayed) >= 2)
  assert.deepEqual([await statusOf(early), await statusOf(late)], ['pending', 'pending'])
  const entry = (await audited('webhooks.replay')).at(-1)
  assert.deepEqual([entry?.principal, entry?.target, entry?.detail?.from], ['billing', 'ops', from])
})

test('a range holds only what is of accounts that the caller may replay', async () => {
  declare(endpointOf())
  const rules = [
    {
      id: 'main-only',
      effect: 'allow',
      principals: ['narrow'],
      actions: ['webhooks.replay'],
      accounts: ['main'],
      when: {},
    },
  ] as const
  http.setPolicy({ rules })
  const [own = '', foreign = '', of = ''] = await owe('main', 'spare', null)
  await die(own, foreign, of)
  const answer = await post('/v1/deliveries/replay', { endpoint: 'ops' }, 'narrow')
  assert.equal(answer.status, 202)
  assert.deepEqual(
    [await statusOf(own), await statusOf(foreign), await statusOf(of)],
    ['pending', 'dead', 'dead'],
  )
  assert.equal((await post('/v1/deliveries/replay', { endpoint: 'ops' }, 'distant')).status, 403)
})

test('a range that cannot be is refused', async () => {
  http.setPolicy({ rules: testPolicy().rules })
  declare(endpointOf())
  for (const body of [
    {},
    { endpoint: 'nothing' },
    { endpoint: 'ops', status: 'pending' },
    { endpoint: 'ops', from: 'noon' },
  ]) {
    assert.equal((await post('/v1/deliveries/replay', body)).status, 422, JSON.stringify(body))
  }
  assert.equal((await ask('/v1/deliveries/replay')).status, 405)
})
