import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Message } from '../../app/model/message.ts'
import { type Answer, type RunningHttp, startHttp } from './running-http.ts'

let http: RunningHttp
const ids: string[] = []
before(async () => {
  http = await startHttp()
  for (const to of ['+12025550101', '+12025550102', '+12025550101']) {
    const body = { to, text: { body: `to ${to}` } }
    const answer = await http.ask({ path, as: 'billing', body })
    ids.push(answer.json.id)
  }
  const at = new Date()
  const incoming: Message = {
    id: 'msg_1',
    account: 'main',
    direction: 'in',
    chat: '+12025550102',
    from: '+12025550102',
    messageId: 'IN1',
    status: 'received',
    content: { type: 'text', text: { body: 'hello back' } },
    createdAt: at,
    attemptCount: 0,
    timeline: [{ status: 'received', at }],
  }
  await http.store.messages.receive(incoming, {})
})
after(() => http.stop())

const path = '/v1/accounts/main/messages'
const ask = (query: string, as = 'billing') => http.ask({ path: `${path}${query}`, as })
const idsOf = (answer: Answer) => answer.json.data.map(message => message.id)

describe('the list of messages', () => {
  test('is newest first, in pages', async () => {
    const all = await ask('')
    assert.deepEqual(idsOf(all), ['msg_1', ids[2], ids[1], ids[0]])
    assert.equal(all.json.next, null)
    const first = await ask('?limit=3')
    assert.deepEqual(idsOf(first), ['msg_1', ids[2], ids[1]])
    assert.deepEqual(idsOf(await ask(`?limit=3&before=${first.json.next}`)), [ids[0]])
  })

  test('can be asked for one chat, direction and status', async () => {
    assert.deepEqual(idsOf(await ask('?chat=%2B12025550102')), ['msg_1', ids[1]])
    assert.deepEqual(idsOf(await ask('?chat=12025550102&direction=in')), ['msg_1'])
    assert.deepEqual(idsOf(await ask('?status=received')), ['msg_1'])
    assert.deepEqual(idsOf(await ask('?status=failed')), [])
  })

  test('refuses filters it does not understand', async () => {
    const faults = [
      'chat=nobody',
      'direction=up',
      'status=qeued',
      'limit=0',
      'limit=201',
      'limit=x',
      'before=obx_no',
      'chatt=1',
      'limit=1&limit=2',
      'status=',
    ]
    for (const query of faults) assert.equal((await ask(`?${query}`)).status, 422, query)
    const typo = await ask('?chatt=1')
    assert.match(typo.json.detail, /did you mean "chat"/)
  })

  test('needs a rule', async () => {
    assert.equal((await ask('', 'narrow')).status, 200)
    assert.equal((await http.ask({ path: '/v1/accounts/spare/messages', as: 'narrow' })).status, 404)
  })
})

describe('one message', () => {
  test('can be had by our id and by WhatsApp’s', async () => {
    const ours = await ask(`/${ids[0]}`)
    assert.equal(ours.status, 200)
    assert.deepEqual((await ask(`/${ours.json.message_id}`)).json, ours.json)
    assert.equal((await ask('/IN1')).json.from, '+12025550102')
    assert.equal((await ask('/obx_nothing')).status, 404)
  })

  test('says why it has failed, in a word and in a sentence', async () => {
    const { json } = await http.ask({
      path,
      as: 'billing',
      body: { to: '+12025550109', text: { body: 'no' } },
    })
    assert.equal((await ask(`/${json.id}`)).json.error, undefined)
    const change = { to: 'failed', at: new Date(), code: 'group.not_found', detail: 'error 404' } as const
    await http.store.messages.advance({ account: 'main', messageId: json.message_id, ...change }, {})
    const failed = await ask(`/${json.id}`)
    assert.deepEqual(failed.json.error, { code: 'group.not_found', message: 'error 404' })
    assert.equal(failed.json.timeline.at(-1)?.code, 'group.not_found')
  })

  test('belongs to its account', async () => {
    assert.equal(
      (await http.ask({ path: `/v1/accounts/spare/messages/${ids[0]}`, as: 'billing' })).status,
      404,
    )
  })

  test('can be cancelled while it waits, once, by those who may send it', async () => {
    const cancel = (id: string | undefined, as = 'billing') =>
      http.ask({ path: `${path}/${id}`, as, method: 'DELETE' })
    assert.equal((await cancel(ids[0], 'busy')).status, 403)
    const answer = await cancel(ids[0])
    assert.deepEqual([answer.status, answer.json.status], [200, 'cancelled'])
    const again = await cancel(ids[0])
    assert.deepEqual([again.status, again.json.code], [409, 'conflict'])
    assert.equal((await cancel('msg_1')).status, 409)
    assert.equal((await cancel('obx_nothing')).status, 404)
  })
})
