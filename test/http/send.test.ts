import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, type RunningHttp, startHttp } from './running-http.ts'

let http: RunningHttp
before(async () => (http = await startHttp()))
after(() => http.stop())

const path = '/v1/accounts/main/messages'
let number = 0
/** A number nobody was written to before, so that the limit per recipient never stands in. */
const fresh = () => `+1202555${String(1000 + number++)}`
const text = (to: string, body = 'hello') => ({ to, type: 'text', text: { body } })
const send = (body: unknown, headers = {}, as = 'billing') => http.ask({ path, as, body, headers })

function invalid(answer: Answer, at: string, message: RegExp, code = 'invalid'): void {
  assert.equal(answer.status, 422, JSON.stringify(answer.json))
  assert.equal(answer.json.code, code)
  const error = answer.json.errors.find(one => one.path === at)
  assert.match(error?.message ?? `nothing about ${at} in ${JSON.stringify(answer.json.errors)}`, message)
}

describe('an accepted message', () => {
  test('is on the disk before the answer, and the answer says what to ask for', async () => {
    const to = fresh()
    const answer = await send(text(to))
    assert.equal(answer.status, 202)
    assert.match(answer.json.id, /^obx_/)
    assert.match(answer.json.message_id, /^3EB0[0-9A-F]+$/)
    assert.match(answer.json.decision, /^dec_/)
    assert.deepEqual([answer.json.status, answer.json.to, answer.json.chat], ['queued', to, to])
    const stored = await http.store.messages.get('main', answer.json.id)
    assert.deepEqual(stored?.content, { type: 'text', text: { body: 'hello' } })
    assert.equal(stored?.principal, 'billing')
  })

  test('may carry what a Cloud API client sends, and everything this version knows', async () => {
    const to = fresh()
    const body = {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      ...text(to, 'é'.repeat(4096)),
      context: { message_id: '3EB0AA' },
      biz_opaque_callback_data: 'order-7',
      purpose: 'billing',
      send_at: '2030-01-01T08:00:00+01:00',
      expires_at: '2030-01-02T08:00:00Z',
    }
    const answer = await send(body)
    assert.equal(answer.status, 202)
    const shown = await http.ask({ path: `${path}/${answer.json.id}`, as: 'billing' })
    assert.equal(shown.json.due_at, '2030-01-01T07:00:00.000Z')
    assert.equal(shown.json.expires_at, '2030-01-02T08:00:00.000Z')
    assert.deepEqual(shown.json.context, { message_id: '3EB0AA' })
    assert.equal(shown.json.biz_opaque_callback_data, 'order-7')
    assert.equal(shown.json.purpose, 'billing')
    assert.deepEqual(
      shown.json.timeline.map(step => step.status),
      ['queued'],
    )
  })

  test('goes to a number without +, to a WhatsApp id and to a group', async () => {
    const digits = fresh().slice(1)
    assert.equal((await send(text(digits))).json.chat, `+${digits}`)
    assert.equal((await send(text(`${digits}@s.whatsapp.net`))).json.chat, `+${digits}`)
    assert.equal((await send(text('120363000000000001@g.us'))).json.chat, '120363000000000001@g.us')
  })

  test('needs no type: text is what Cloud API means then', async () => {
    assert.equal((await send({ to: fresh(), text: { body: 'x' } })).status, 202)
  })
})

describe('a message that cannot be read', () => {
  test('has a body that is no JSON', async () => {
    const answer = await send('{"to": ', { 'content-type': 'application/json' })
    assert.equal(answer.status, 400)
    assert.equal(answer.json.code, 'malformed')
    assert.doesNotMatch(JSON.stringify(answer.json), /position|Unexpected|SyntaxError/)
  })

  test('has no body, or one that is no object', async () => {
    assert.equal((await http.ask({ path, as: 'billing', method: 'POST' })).status, 400)
    assert.equal((await send('"text"', { 'content-type': 'application/json' })).status, 400)
    invalid(await send([]), '$', /must be an object, not an array/)
  })

  test('comes with another content type, or compressed', async () => {
    const body = JSON.stringify(text(fresh()))
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=latin1',
    ]) {
      assert.equal((await send(body, { 'content-type': type })).status, 415, type)
    }
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    assert.equal((await send(body, headers)).status, 415)
    assert.equal((await send(body, { 'content-type': 'application/json; charset=utf-8' })).status, 202)
  })

  test('is larger than the policy allows', async () => {
    const answer = await send({ ...text(fresh()), padding: 'x'.repeat(17 * 1024) })
    assert.equal(answer.status, 413)
    assert.equal(answer.json.code, 'too-large')
  })

  test('has members that are not known, told with the nearest that is', async () => {
    invalid(await send({ ...text(fresh()), purpse: 'x' }), '$.purpse', /did you mean "purpose"\?/)
    invalid(await send({ ...text(fresh()), wholly: 'x' }), '$.wholly', /^is not known here$/)
    invalid(await send({ to: fresh(), text: { body: 'x', bdy: 'y' } }), '$.text.bdy', /did you mean "body"/)
    invalid(await send({ ...text(fresh()), view_once: true }), '$.view_once', /not known/)
    invalid(
      await send({ ...text(fresh()), ['__pro' + 'to__']: {}, constructor: 1 }),
      '$.constructor',
      /not known/,
    )
  })

  test('has members of the wrong type or size', async () => {
    invalid(await send({ ...text(fresh()), to: 12025550199 }), '$.to', /must be a string, not a number/)
    invalid(await send({ ...text(fresh()), text: 'hello' }), '$.text', /must be an object, not a string/)
    invalid(await send({ to: fresh(), text: { body: null } }), '$.text.body', /must be a string, not null/)
    invalid(await send(text(fresh(), '')), '$.text.body', /must not be empty/)
    invalid(
      await send({ ...text(fresh()), messaging_product: 'signal' }),
      '$.messaging_product',
      /"whatsapp"/,
    )
  })

  test('has more members than anybody would read about', async () => {
    const many = Array.from({ length: 2_001 }, () => 1)
    const bodies = [
      ['$', many],
      ['$.text', { ...text(fresh()), text: many }],
      ['$[0]', [[many]]],
    ] as const
    for (const [path, body] of bodies) {
      const answer = await send(body)
      invalid(answer, path, /more than 2000 members/)
      assert.ok(answer.bytes.length < 1_000)
    }
    const nested = async (levels: number) =>
      send(`{"to":${'['.repeat(levels)}${']'.repeat(levels)}}`, { 'content-type': 'application/json' })
    for (const levels of [33, 1_500]) invalid(await nested(levels), '$', /nested more than 32 deep/)
    invalid(await nested(32), '$.to', /./)
  })

  test('lacks members, all told at once', async () => {
    const answer = await send({ type: 'text' })
    invalid(answer, '$.to', /is missing/)
    invalid(answer, '$.text', /is missing/)
  })

  test('is of a type that this version does not send', async () => {
    invalid(
      await send({ to: fresh(), type: 'buttons', buttons: {} }),
      '$.type',
      /it sends "text"/,
      'unsupported-type',
    )
    const preview = { body: 'https://example.com', preview_url: true }
    invalid(await send({ to: fresh(), text: preview }), '$.text.preview_url', /there is no preview/)
    invalid(
      await send({ to: fresh(), type: 'txet', text: {} }),
      '$.type',
      /did you mean "text"/,
      'unsupported-type',
    )
    invalid(await send({ ...text(fresh()), type: 7 }), '$.type', /"text"/)
  })

  test('goes to nobody', async () => {
    for (const to of [
      'hello',
      '+1',
      '0049123',
      '+999123456789',
      '+1 202 555 0100',
      'x@g.us',
      '1@s.whatsapp.net.evil',
    ]) {
      invalid(await send(text(to)), '$.to', /phone number/, 'invalid-recipient')
    }
    invalid(await send({ ...text(fresh()), recipient_type: 'group' }), '$.recipient_type', /is a contact/)
  })

  test('has times that cannot be', async () => {
    invalid(await send({ ...text(fresh()), send_at: 'tomorrow' }), '$.send_at', /instant with its time zone/)
    invalid(await send({ ...text(fresh()), send_at: '2030-02-31T00:00:00Z' }), '$.send_at', /instant/)
    invalid(await send({ ...text(fresh()), send_at: '2030-01-01T00:00:00' }), '$.send_at', /instant/)
    for (const member of ['send_at', 'expires_at']) {
      const leapSecond = { ...text(fresh()), [member]: '2030-12-31T23:59:60Z' }
      invalid(await send(leapSecond), `$.${member}`, /instant/)
    }
    invalid(await send({ ...text(fresh()), expires_at: '2020-01-01T00:00:00Z' }), '$.expires_at', /past/)
    const times = { send_at: '2030-01-02T00:00:00Z', expires_at: '2030-01-01T00:00:00Z' }
    invalid(await send({ ...text(fresh()), ...times }), '$.expires_at', /must come after/)
  })

  test('uses up the limit of requests like one that can be read', async () => {
    for (let i = 0; i < 3; i++) assert.equal((await send({ to: 7 }, {}, 'busy')).status, 422)
    const answer = await send({ to: 7 }, {}, 'busy')
    assert.deepEqual([answer.status, answer.json.code], [429, 'limited'])
  })

  test('leaves nothing in the outbox', async () => {
    const to = fresh()
    await send({ ...text(to), purpse: 'x' })
    await send(text(to, ''))
    assert.deepEqual((await http.store.messages.list({ account: 'main', chat: to, limit: 5 })).items, [])
  })
})

describe('a message that the policy refuses', () => {
  test('is denied with a decision that the audit chain knows', async () => {
    const answer = await send(text('+33612345678'), {}, 'narrow')
    assert.equal(answer.status, 403)
    assert.equal(answer.json.code, 'denied')
    const { items } = await http.store.audit.list({ principal: 'narrow', limit: 10 })
    assert.equal(items.at(-1)?.detail?.decision, answer.json.decision)
    assert.equal((await send(text(fresh()), {}, 'narrow')).status, 202)
  })

  test('goes to an account that its sender cannot know, as if there were none', async () => {
    const there = await http.ask({ path: '/v1/accounts/spare/messages', as: 'narrow', body: text(fresh()) })
    const nowhere = await http.ask({ path: '/v1/accounts/ghost/messages', as: 'narrow', body: text(fresh()) })
    assert.deepEqual([there.status, nowhere.status], [404, 404])
    assert.equal(there.json.detail, nowhere.json.detail)
    const allowed = await http.ask({
      path: '/v1/accounts/spare/messages',
      as: 'billing',
      body: text(fresh()),
    })
    assert.equal(allowed.status, 202)
    assert.equal(
      (await http.ask({ path: '/v1/accounts/ghost/messages', as: 'billing', body: text(fresh()) })).status,
      404,
    )
  })

  test('is one too many to its recipient', async () => {
    const to = fresh()
    for (let i = 0; i < 6; i++) assert.equal((await send(text(to))).status, 202)
    const answer = await send(text(to))
    assert.equal(answer.status, 429)
    assert.equal(answer.json.code, 'limited')
    assert.match(answer.json.decision, /^dec_/)
    const seconds = Number(answer.headers['retry-after']) // a busy machine takes some of them to answer
    assert.ok(seconds > 500 && seconds <= 600, String(seconds))
    assert.equal(answer.headers.ratelimit, `"per-recipient";r=0;t=${seconds}`)
    assert.equal(answer.headers['ratelimit-policy'], '"per-recipient";q=6;w=3600')
  })
})
