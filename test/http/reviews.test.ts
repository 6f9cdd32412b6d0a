import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Rule } from '../../app/policy/snapshot.ts'
import { type RunningHttp, startHttp } from './running-http.ts'

const rule = (change: Partial<Rule> & Pick<Rule, 'id'>): Rule => ({
  ...{ effect: 'allow', principals: ['*'], actions: ['messages.send'], when: {} },
  ...change,
})

let http: RunningHttp
before(async () => {
  http = await startHttp()
  const { rules } = http.policySwitch.current().snapshot
  const approving = { actions: ['messages.approve'], accounts: ['main'] }
  http.setPolicy({
    rules: [
      ...rules,
      rule({ id: 'a-human-looks', effect: 'hold', when: { recipients: { prefixes: ['+1202'] } } }),
      rule({ id: 'narrow-approves', principals: ['narrow'], ...approving }),
      rule({
        ...{ id: 'busy-approves-texts-to-one', principals: ['busy'], ...approving },
        when: { recipients: { numbers: ['+12025550199'] }, messageTypes: ['text'] },
      }),
    ],
  })
})
after(() => http.stop())

const path = '/v1/accounts/main/messages'

async function held(to: string): Promise<string> {
  const { status, json } = await http.ask({ path, as: 'billing', body: { to, text: { body: 'hello' } } })
  assert.deepEqual([status, json.status], [202, 'held'])
  return json.id
}

const review = (id: string, verb: 'approve' | 'reject', as: string, body?: unknown) =>
  http.ask({ path: `${path}/${id}/${verb}`, method: 'POST', as, body })

describe('a held message', () => {
  test('is listed as such, with what holds it', async () => {
    const id = await held('+12025550110')
    const { json } = await http.ask({ path: `${path}?status=held`, as: 'narrow' })
    const [found] = json.data
    assert.equal(found.id, id)
    assert.equal(found.timeline[0]?.code, 'a-human-looks')
    assert.ok(new Date(String(found.expires_at)) > new Date())
  })

  test('goes on once somebody else approves it, and once only', async () => {
    const id = await held('+12025550111')
    const answer = await review(id, 'approve', 'narrow', { reason: 'I know her' })
    assert.deepEqual(
      [answer.status, answer.json.status, answer.json.approved_by, answer.json.timeline.at(-1)?.detail],
      [200, 'queued', 'narrow', 'I know her'],
    )
    for (const verb of ['approve', 'reject'] as const) {
      const again = await review(id, verb, 'narrow', { reason: 'again' })
      assert.deepEqual([again.status, again.json.code], [409, 'conflict'])
    }
  })

  test('ends with the reason of who rejects it, who must give one', async () => {
    const id = await held('+12025550112')
    for (const body of [undefined, {}, { reason: '' }, { reason: 'x', why: 'y' }]) {
      assert.equal((await review(id, 'reject', 'narrow', body)).status, 422, JSON.stringify(body))
    }
    const answer = await review(id, 'reject', 'narrow', { reason: 'wrong customer' })
    assert.deepEqual([answer.status, answer.json.status], [200, 'failed'])
    assert.deepEqual(answer.json.error, { code: 'hold.rejected', message: 'wrong customer' })
  })

  test('is not approved by who sent it, although a rule allows that principal to approve', async () => {
    const id = await held('+12025550113')
    const own = await review(id, 'approve', 'billing')
    assert.equal(own.status, 403)
    assert.match(own.json.decision, /^dec_/)
    assert.match(own.json.detail, /somebody else/)
    assert.equal((await review(id, 'approve', 'narrow')).status, 200)
  })

  test('needs messages.approve for this recipient', async () => {
    const [to110, to199] = [await held('+12025550114'), await held('+12025550199')]
    assert.equal((await review(to110, 'approve', 'busy')).status, 403)
    assert.equal((await review(to199, 'approve', 'busy')).status, 200)
    const elsewhere = await http.ask({
      path: `/v1/accounts/spare/messages/${to110}/approve`,
      method: 'POST',
      as: 'narrow',
    })
    assert.equal(elsewhere.status, 404)
    assert.equal((await review('obx_nothing', 'approve', 'narrow')).status, 404)
  })

  test('is taken back by its sender, and cannot be approved any more', async () => {
    const id = await held('+12025550115')
    assert.equal((await http.ask({ path: `${path}/${id}`, as: 'billing', method: 'DELETE' })).status, 200)
    assert.equal((await review(id, 'approve', 'narrow')).status, 409)
  })

  test('stays held while a limit is used up, with the time to wait', async () => {
    const id = await held('+12025550116')
    const { limits } = http.policySwitch.current().snapshot
    const none = { name: 'none', key: ['account'], count: 1, periodMs: 3_600_000, burst: 0 } as const
    http.setPolicy({ limits: new Map([['none', { ...none, onExceed: 'reject' }]]) })
    const answer = await review(id, 'approve', 'narrow')
    http.setPolicy({ limits })
    assert.equal(answer.status, 429)
    assert.ok(Number(answer.headers['retry-after']) > 0)
    assert.match(answer.json.decision, /^dec_/)
    assert.equal((await review(id, 'approve', 'narrow')).status, 200)
  })
})
