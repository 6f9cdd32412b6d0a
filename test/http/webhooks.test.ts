import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { NewEvent } from '../../app/model/event.ts'
import type { Endpoint } from '../../app/policy/snapshot.ts'
import { type Answer, type RunningHttp, startHttp } from './running-http.ts'

const ENDPOINT: Endpoint = {
  name: 'ledger',
  url: 'https://ledger.example.com/',
  events: new Set(['message.received']),
  format: 'postern',
  payload: { body: 'full', contact: 'clear' },
  signScheme: 'v1',
  secretRefs: ['secret:wh-ledger'],
  allowCidrs: [],
  order: 'per-chat',
  timeoutMs: 30_000,
  concurrency: 4,
  retry: { schedule: 'standard', maxAgeMs: 1_000 },
}

let http: RunningHttp
before(async () => {
  http = await startHttp()
  http.setPolicy({ endpoints: new Map([['ledger', ENDPOINT]]) })
  await http.store.events.append({ events: [eventOf('evt_1', 'main'), eventOf('evt_2', 'spare')] })
})
after(() => http.stop())

function eventOf(id: string, account: string): NewEvent {
  const deliveries = [{ id: `dlv_${id}`, endpoint: 'ledger', lane: '' }]
  return { id, type: 'message.received', account, at: new Date(), data: { text: { body: id } }, deliveries }
}

const ask = (path: string, as = 'billing', more = {}) => http.ask({ path, as, ...more })
const idsOf = (answer: Answer) => answer.json.data.map(one => one.id)

describe('endpoints and deliveries', () => {
  test('endpoints are shown without their secrets', async () => {
    const answer = await ask('/v1/endpoints')
    assert.equal(answer.json.data[0].name, 'ledger')
    assert.deepEqual(answer.json.data[0].events, ['message.received'])
    assert.doesNotMatch(answer.bytes.toString(), /secret/)
  })

  test('endpoints of accounts that the caller may not ask about are left out', async () => {
    const named = (name: string, accounts?: string[]): [string, Endpoint] => [
      name,
      { ...ENDPOINT, name, ...(accounts === undefined ? {} : { accounts: new Set(accounts) }) },
    ]
    const all = [named('ledger'), named('of-main', ['main', 'spare']), named('of-spare', ['spare'])]
    http.setPolicy({ endpoints: new Map(all) })
    const namesFor = async (as: string) => (await ask('/v1/endpoints', as)).json.data.map(one => one.name)
    assert.deepEqual(await namesFor('narrow'), ['ledger', 'of-main'])
    assert.deepEqual(await namesFor('billing'), ['ledger', 'of-main', 'of-spare'])
    http.setPolicy({ endpoints: new Map([['ledger', ENDPOINT]]) })
  })

  test('deliveries are listed for the accounts that the caller may read', async () => {
    assert.deepEqual(idsOf(await ask('/v1/deliveries')).sort(), ['dlv_evt_1', 'dlv_evt_2'])
    assert.deepEqual(idsOf(await ask('/v1/deliveries', 'narrow')), ['dlv_evt_1'])
    assert.deepEqual(idsOf(await ask('/v1/deliveries?endpoint=ledger&status=dead')), [])
    assert.equal((await ask('/v1/deliveries?status=deda')).status, 422)
  })

  test('a delivery is shown without what its event says', async () => {
    const answer = await ask('/v1/deliveries/dlv_evt_1', 'narrow')
    assert.equal(answer.json.status, 'pending')
    assert.deepEqual(answer.json.event, { id: 'evt_1', type: 'message.received', account: 'main' })
    assert.equal((await ask('/v1/deliveries/dlv_evt_2', 'narrow')).status, 404)
    assert.equal((await ask('/v1/deliveries/dlv_nothing')).status, 404)
  })

  test('one that is over can be replayed, and that is in the audit chain', async () => {
    const path = '/v1/deliveries/dlv_evt_1/replay'
    const post = { method: 'POST' }
    assert.equal((await ask(path, 'billing', post)).status, 409)
    const now = new Date()
    http.store.deliveries.claim({ free: new Map([['ledger', 5]]), now })
    const attempt = { at: now, status: 500, reason: 'endpoint answered 500', tookMs: 3 }
    await http.store.deliveries.settle('dlv_evt_1', { kind: 'dead', attempt })
    assert.equal((await ask(path, 'narrow', post)).status, 403)
    const answer = await ask(path, 'billing', post)
    assert.deepEqual([answer.status, answer.json.status], [202, 'pending'])
    const { items } = await http.store.audit.list({ action: 'webhooks.replay', limit: 10 })
    assert.equal(items.at(-1)?.principal, 'billing')
  })

  test('one of an endpoint that is gone cannot be replayed', async () => {
    const attempt = { at: new Date(), status: 500, tookMs: 3 }
    await http.store.deliveries.settle('dlv_evt_2', { kind: 'dead', attempt })
    http.setPolicy({ endpoints: new Map() })
    const answer = await ask('/v1/deliveries/dlv_evt_2/replay', 'billing', { method: 'POST' })
    http.setPolicy({ endpoints: new Map([['ledger', ENDPOINT]]) })
    assert.equal(answer.status, 409)
  })
})

describe('events', () => {
  test('are read from a cursor on, filtered, and only those the caller may read', async () => {
    const all = await ask('/v1/events')
    assert.deepEqual(idsOf(all), ['evt_1', 'evt_2'])
    assert.deepEqual(
      all.json.data.map(({ account, sequence }) => [account, sequence]),
      [
        ['main', 1],
        ['spare', 1],
      ],
    )
    assert.equal(all.json.next, 'evt_2')
    assert.deepEqual(idsOf(await ask('/v1/events?after=evt_1')), ['evt_2'])
    assert.deepEqual(idsOf(await ask('/v1/events?account=spare')), ['evt_2'])
    assert.deepEqual(idsOf(await ask('/v1/events?types=account.*')), [])
    assert.deepEqual(idsOf(await ask('/v1/events?types=message.*,poll.vote')), ['evt_1', 'evt_2'])
    assert.deepEqual(idsOf(await ask('/v1/events', 'narrow')), ['evt_1'])
  })

  test('keep the cursor when there is nothing new', async () => {
    const answer = await ask('/v1/events?after=evt_2')
    assert.deepEqual([answer.json.data, answer.json.next], [[], 'evt_2'])
  })

  test('can be waited for', async () => {
    const waiting = ask('/v1/events?after=evt_2&wait=20')
    await new Promise(resolve => setTimeout(resolve, 50))
    await http.store.events.append({ events: [eventOf('evt_3', 'main')] })
    assert.deepEqual(idsOf(await waiting), ['evt_3'])
  })

  test('refuse a cursor, a type and a wait that cannot be', async () => {
    for (const query of ['after=evt_no', 'types=message.recieved', 'wait=31', 'wait=x']) {
      assert.equal((await ask(`/v1/events?${query}`)).status, 422, query)
    }
  })
})

describe('the audit chain', () => {
  test('is read by those who may for the whole appliance', async () => {
    assert.equal((await ask('/v1/audit', 'narrow')).status, 403)
    const answer = await ask('/v1/audit?limit=1')
    assert.equal(answer.json.data.length, 1)
    assert.equal(typeof answer.json.data[0].hash, 'string')
    const next = await ask(`/v1/audit?limit=1&after=${answer.json.data[0].seq}`)
    assert.equal(next.json.data[0].prev, answer.json.data[0].hash)
  })
})
