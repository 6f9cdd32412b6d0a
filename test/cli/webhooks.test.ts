import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { deliveryCommand } from '../../app/cli/delivery.ts'
import { endpointCommand } from '../../app/cli/endpoint.ts'
import type { NewEvent } from '../../app/model/event.ts'
import { endpointOf, SIGNING_SECRET } from '../deliveries/samples.ts'
import { certificate, startServer } from '../egress/https-server.ts'
import { type RunningHttp, startHttp } from '../http/running-http.ts'
import { runCommand } from './running.ts'

const IDS = ['dlv_1', 'dlv_2']
let http: RunningHttp
before(async () => {
  http = await startHttp({ secrets: { 'secret:sign': SIGNING_SECRET, 'secret:ca': certificate.ca } })
  http.setPolicy({ endpoints: new Map([['ops', endpointOf()]]) })
  const deliveries = IDS.map(id => ({ id, endpoint: 'ops', lane: '' }))
  const event: NewEvent = {
    id: 'evt_1',
    type: 'message.received',
    account: 'main',
    at: new Date(),
    data: {},
    deliveries,
  }
  await http.store.events.append({ events: [event] })
  for (const id of IDS) {
    const attempt = {
      at: new Date(),
      status: 500,
      reason: 'endpoint answered 500',
      answer: 'oh no',
      tookMs: 3,
    }
    await http.store.deliveries.settle(id, { kind: 'dead', attempt })
  }
})
after(() => http.stop())

const endpoint = (...args: string[]) => runCommand(endpointCommand, http.dataDir, args)
const delivery = (...args: string[]) => runCommand(deliveryCommand, http.dataDir, args)

test('endpoint list shows the health of each, as a table or as JSON', async () => {
  const { out } = await endpoint('list')
  assert.match(out, /^NAME +STATE +BREAKER +PENDING +DEAD/)
  assert.match(out, /\nops +enabled +closed +0 +2 +never +https:/)
  const shown = JSON.parse((await endpoint('list', '--json')).out)
  assert.equal(shown.data[0].health.dead, 2)
})

test('endpoint test posts one event and ends with 1 when it is not taken', async t => {
  let status = 200
  const server = await startServer(t, (_, response) => response.writeHead(status).end('thanks'))
  const url = `https://localhost:${server.port}/`
  const reachable = endpointOf({ url, caRef: 'secret:ca', allowCidrs: ['127.0.0.0/8', '::1/128'] })
  http.setPolicy({ endpoints: new Map([['ops', reachable]]) })
  const taken = await endpoint('test', 'ops')
  assert.equal(taken.code, 0)
  assert.match(taken.out, /^taken with 200 \(\d+ ms\)\n\nthanks$/)
  status = 503
  const refused = await endpoint('test', 'ops')
  assert.equal(refused.code, 1)
  assert.match(refused.out, /^not taken: endpoint answered 503/)
  await assert.rejects(endpoint('test', 'nothing'), { code: 'control.refused' })
})

test('endpoint enable works on one that is disabled, and says so of one that is not', async () => {
  await assert.rejects(endpoint('enable', 'ops'), /enabled and its breaker is closed/)
  const at = new Date()
  http.endpoints.learn('ops', { kind: 'gone', startedAt: at, endedAt: at })
  assert.match((await endpoint('list')).out, /disabled \(gone\)/)
  assert.match((await endpoint('enable', 'ops')).out, /ops is enabled/)
  assert.doesNotMatch((await endpoint('list')).out, /disabled/)
})

test('delivery list and show tell what died and why', async () => {
  const { out } = await delivery('list', '--status', 'dead')
  assert.match(out, /dlv_2 +ops +dead +message\.received +1 .*endpoint answered 500/)
  assert.equal((await delivery('list', '--endpoint', 'crm')).out, 'nothing')
  const shown = await delivery('show', 'dlv_1')
  assert.match(shown.out, /endpoint answered 500 \(3 ms\)\n\nthe last answer:\noh no$/)
  assert.equal(JSON.parse((await delivery('show', 'dlv_1', '--json')).out).attempts[0].answer, 'oh no')
})

test('delivery replay posts one again, or all that match, and wants to know which', async () => {
  assert.equal((await delivery('replay')).code, 2)
  assert.equal((await delivery('replay', 'dlv_1', '--endpoint', 'ops')).code, 2)
  assert.equal((await delivery('replay', 'dlv_1')).out, 'dlv_1 is pending again')
  await assert.rejects(delivery('replay', 'dlv_1'), /pending already/)
  const before = await delivery('replay', '--endpoint', 'ops', '--to', '2020-01-01T00:00:00+01:00')
  assert.equal(before.out, '0 posted again')
  const range = await delivery('replay', '--endpoint', 'ops', '--json')
  assert.equal(JSON.parse(range.out).replayed, 1)
  assert.equal((await http.store.deliveries.get('dlv_2'))?.status, 'pending')
})
