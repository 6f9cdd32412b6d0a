import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Template } from '../../app/model/template.ts'
import { type Answer, type RunningHttp, startHttp } from '../http/running-http.ts'
import * as samples from '../media/samples.ts'

const KEY = `pk_${'a'.repeat(43)}`
const INVOICE: Template = {
  name: 'invoice',
  language: 'en',
  body: 'Hello {{ name }}, {{ sum }} euros{% if late %} at once{% endif %}.',
  parameters: { name: 'string', sum: 'number', late: 'boolean' },
}

let http: RunningHttp
before(async () => {
  http = await startHttp()
  http.setPolicy({ templates: new Map([['invoice', INVOICE]]) })
})
after(() => http.stop())

type GraphError = {
  readonly message: string
  readonly type: string
  readonly code: number
  readonly error_subcode?: number
  readonly error_data: { readonly details: string }
  readonly fbtrace_id: string
}

/** A number of its own for each message: one recipient gets few. */
let number = 0
const contact = () => `1202555${1_000 + number++}`

const messages = '/graph/v23.0/main/messages'
const ask = (path: string, how: { body?: unknown; as?: string; method?: string } = {}) =>
  http.ask({ path, as: 'billing', ...how })
const send = (body: object, as = 'billing') =>
  ask(messages, { body: { messaging_product: 'whatsapp', to: contact(), ...body }, as })
const errorOf = ({ json }: Answer) => json.error as GraphError
const image = (content: Buffer) =>
  http.ask({ path: '/graph/v23.0/main/media', as: 'billing', ...formOf(content) })

async function contentOf(answer: Answer): Promise<unknown> {
  assert.equal(answer.status, 200, answer.bytes.toString())
  const [{ id }] = (answer.json as unknown as { messages: [{ id: string }] }).messages
  return (await http.store.messages.get('main', id))?.content
}

function formOf(content: Buffer) {
  const field = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n`
  const body = Buffer.concat([
    Buffer.from(field('messaging_product', 'whatsapp') + field('type', 'image/png') + head),
    content,
    Buffer.from('\r\n--b--\r\n'),
  ])
  return { body, headers: { 'content-type': 'multipart/form-data; boundary=b' } }
}

const button = (title: string) => ({ type: 'reply', reply: { id: `id of ${title}`, title } })
const pressed = (...titles: string[]) => ({
  ...{ type: 'button', body: { text: 'Tea?' }, action: { buttons: titles.map(button) } },
})
const rows = (...titles: string[]) => titles.map(title => ({ id: `id of ${title}`, title }))
const chosen = (...sections: object[]) => ({
  ...{ type: 'list', body: { text: 'What now?' }, action: { button: 'Choose', sections } },
})
const WRITTEN_OUT = [
  {
    name: 'buttons',
    interactive: {
      ...pressed('Yes', 'No'),
      ...{ header: { type: 'text', text: 'Four o’clock' }, footer: { text: 'until six' } },
    },
    body: 'Four o’clock\n\nTea?\n\n1. Yes\n2. No\n\nuntil six',
  },
  {
    name: 'a list',
    interactive: chosen({ rows: [{ id: 'a', title: 'Wait', description: 'it may take long' }] }),
    body: 'What now?\n\nChoose:\n1. Wait — it may take long',
  },
  {
    name: 'a list in sections',
    interactive: chosen({ title: 'Go', rows: rows('East', 'West') }, { title: 'Stay', rows: rows('Here') }),
    body: 'What now?\n\nChoose:\n\nGo\n1. East\n2. West\n\nStay\n3. Here',
  },
  {
    name: 'a link',
    interactive: {
      ...{ type: 'cta_url', body: { text: 'All about it' } },
      action: { name: 'cta_url', parameters: { display_text: 'Read', url: 'https://example.com/a' } },
    },
    body: 'All about it\n\nRead: https://example.com/a',
  },
]

describe('a message of Cloud API', () => {
  test('is accepted as there: the number without its plus, and the id that webhooks will name', async () => {
    const to = contact()
    const answer = await send({ to, recipient_type: 'individual', type: 'text', text: { body: 'hi' } })
    assert.equal(answer.status, 200, answer.bytes.toString())
    const { contacts, messages: sent } = answer.json as unknown as {
      contacts: object[]
      messages: { id: string }[]
    }
    assert.deepEqual(contacts, [{ input: to, wa_id: to }])
    const [first] = sent
    assert.match(first?.id ?? '', /^3EB0[0-9A-F]+$/)
    assert.deepEqual(Object.keys(first ?? {}), ['id'])
    assert.equal((await http.store.messages.get('main', first?.id ?? ''))?.principal, 'billing')
  })

  test('says what the same says to /v1, in every form that clients give it', async () => {
    const context = { message_id: '3EB0AA' }
    const location = { latitude: 48.85, longitude: 2.29, name: 'Tower' }
    const contacts = [{ name: { formatted_name: 'Ana' }, phones: [{ phone: '+33600000001', type: 'CELL' }] }]
    assert.deepEqual(await contentOf(await send({ text: { body: 'no type' }, context })), {
      ...{ type: 'text', text: { body: 'no type' }, context },
    })
    assert.deepEqual(
      await contentOf(await send({ type: 'location', location: { ...location, latitude: '48.85' } })),
      { type: 'location', location },
    )
    assert.deepEqual(await contentOf(await send({ type: 'contacts', contacts })), {
      type: 'contacts',
      contacts,
    })
  })

  test('fills a template by position and by name, in the types that it declares', async () => {
    const said = async (parameters: readonly object[]) => {
      const components = [{ type: 'body', parameters }]
      const template = { name: 'invoice', language: { code: 'en_US' }, components }
      return (await contentOf(await send({ type: 'template', template }))) as { template: { body: string } }
    }
    const text = (value: string, name?: string) => ({
      type: 'text',
      text: value,
      ...(name && { parameter_name: name }),
    })
    const currency = { type: 'currency', currency: { fallback_value: '7', code: 'EUR', amount_1000: 7_000 } }
    const byPlace = await said([text('Ana'), currency, text('true')])
    assert.equal(byPlace.template.body, 'Hello Ana, 7 euros at once.')
    const byName = await said([text('false', 'late'), text('7', 'sum'), text('Ana', 'name')])
    assert.equal(byName.template.body, 'Hello Ana, 7 euros.')
  })

  for (const { name, interactive, body } of WRITTEN_OUT) {
    test(`is written out where there would be something to press: ${name}`, async () => {
      const context = { message_id: '3EB0AA' }
      const answer = await send({ type: 'interactive', interactive, context })
      assert.deepEqual(await contentOf(answer), { type: 'text', text: { body }, context })
    })
  }

  test('that waits for a yes says so in the word that Cloud API has for that', async () => {
    const { rules } = http.policySwitch.current().snapshot
    const hold = {
      id: 'all-wait',
      effect: 'hold',
      principals: ['*'],
      actions: ['messages.send'],
      when: {},
    } as const
    http.setPolicy({ rules: [...rules, hold] })
    const answer = await send({ type: 'text', text: { body: 'later' } })
    http.setPolicy({ rules })
    const [sent] = (answer.json as unknown as { messages: [{ message_status?: string }] }).messages
    assert.equal(sent.message_status, 'held_for_quality_assessment', answer.bytes.toString())
  })

  test('is sent once for one idempotency key', async () => {
    const call = { path: messages, as: 'billing', headers: { 'idempotency-key': 'graph-1' } }
    const body = { to: contact(), type: 'text', text: { body: 'once' } }
    const [first, second] = [await http.ask({ ...call, body }), await http.ask({ ...call, body })]
    assert.deepEqual(second.json, first.json)
    assert.equal(second.headers['idempotency-replayed'], 'true')
  })
})

const press = (interactive: unknown) => ({ type: 'interactive', interactive })
const template = (more: object) => ({ type: 'template', template: { name: 'invoice', ...more } })
const REFUSED: readonly (readonly [string, object, number, RegExp])[] = [
  ['a member missing', { type: 'text' }, 131008, /^\$\.text is missing/],
  ['a member unknown', { text: { body: 'x' }, txt: 1 }, 131009, /\$\.txt/],
  ['a recipient that is none', { to: 'nobody', text: { body: 'x' } }, 131009, /\$\.to/],
  ['a type of nobody', { type: 'hologram' }, 131051, /is not a type/],
  ['buttons that are missing', press({ type: 'button', body: { text: 'x' } }), 131008, /action is missing/],
  ['nothing to press', press(undefined), 131008, /\$\.interactive\.\w+ is missing/],
  ['four buttons', press(pressed('a', 'b', 'c', 'd')), 131009, /action\.buttons .*3/],
  ['a long button', press(pressed('x'.repeat(21))), 131009, /buttons\[0\]\.reply\.title .*20/],
  [
    'a list of eleven',
    press(chosen({ rows: rows(...'abcdef') }, { rows: rows(...'ghijk') })),
    131009,
    /11 rows/,
  ],
  [
    'a picture above buttons',
    press({ ...pressed('a'), header: { type: 'image', image: { id: 'x' } } }),
    131009,
    /\$\.interactive\.header\.type must be "text"/,
  ],
  ['a flow', press({ type: 'flow', body: { text: 'x' } }), 131051, /\$\.interactive\.type must be/],
  [
    'a question where somebody is',
    press({ type: 'location_request_message' }),
    131051,
    /\$\.interactive\.type/,
  ],
  ['a template of nobody', { type: 'template', template: { name: 'none' } }, 132001, /no template/],
  ['another language', template({ language: { code: 'fr' } }), 132001, /which is en/],
  ['too few parameters', template({ components: [] }), 132000, /is missing/],
  [
    'too many parameters',
    template({ components: [{ type: 'body', parameters: Array(4).fill({ type: 'text', text: 'x' }) }] }),
    132012,
    /have 4 parameters, and the template 3/,
  ],
  ['a header', template({ components: [{ type: 'header', parameters: [] }] }), 132012, /must be "body"/],
]

describe('what is refused is told as Graph API tells it', () => {
  for (const [name, body, code, details] of REFUSED) {
    test(`${name}: ${code}`, async () => {
      const answer = await send(body)
      assert.equal(answer.status, 400, answer.bytes.toString())
      assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
      const error = errorOf(answer)
      assert.deepEqual([error.code, error.type], [code, 'OAuthException'])
      assert.match(error.error_data.details, details)
      assert.equal(error.fbtrace_id, answer.headers['x-request-id'])
    })
  }

  test('401, 403, 404, 405 and 429, wherever they come from', async () => {
    const text = { text: { body: 'x' } }
    const unknown = await http.ask({
      site: 'keys',
      path: messages,
      body: {},
      headers: { authorization: `Bearer ${KEY}` },
    })
    assert.deepEqual([unknown.status, errorOf(unknown).code], [401, 190])
    const denied = await send({ ...text, to: '33600000001' }, 'narrow')
    assert.deepEqual([denied.status, errorOf(denied).code], [403, 10])
    assert.match(errorOf(denied).error_data.details, /\(dec_\w+\)$/)
    assert.equal((await send(text, 'narrow')).status, 200, 'the same to whom the rule allows')
    for (const path of [
      '/graph/v23.0/none/messages',
      '/graph/23/main/messages',
      '/graph/v23.0/main/messages/',
    ]) {
      const nowhere = await ask(path, { body: text })
      assert.deepEqual(
        [nowhere.status, errorOf(nowhere).code, errorOf(nowhere).error_subcode],
        [404, 100, 33],
        path,
      )
    }
    assert.equal(errorOf(await ask(messages, { method: 'PUT', body: {} })).code, 100)
    const states = []
    for (let count = 0; count < 3; count++)
      states.push((await ask('/graph/v23.0/main', { as: 'busy' })).status)
    const limited = await ask('/graph/v23.0/main', { as: 'busy' })
    assert.deepEqual(states, [200, 200, 200])
    assert.deepEqual([limited.status, errorOf(limited).code], [429, 130429])
    assert.ok(limited.headers['retry-after'])
    const site = await http.ask({ site: 'dashboard', path: messages, body: text })
    assert.notEqual(site.status, 200)
  })

  test('problems of /v1 stay what they were', async () => {
    const answer = await ask('/v1/accounts/main/messages', { body: {} })
    assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/)
  })
})

describe('a file of Cloud API', () => {
  test('is taken in, described, given out at the address it is described with, and removed', async () => {
    const content = samples.png(640, 480)
    const { json } = await image(content)
    assert.deepEqual(Object.keys(json), ['id'])
    const about = await ask(`/graph/v23.0/${json.id}?phone_number_id=main`)
    const { url, ...told } = about.json as unknown as { url: string; sha256: string }
    assert.deepEqual(told, {
      ...{ messaging_product: 'whatsapp', mime_type: 'image/png', file_size: content.length, id: json.id },
      sha256: told.sha256,
    })
    const { origin, pathname } = new URL(url)
    assert.equal(origin, 'https://localhost:9443')
    const given = await http.ask({
      path: pathname,
      as: 'billing',
      headers: { accept: 'application/json, */*' },
    })
    assert.deepEqual([given.headers['content-type'], given.bytes], ['image/png', content])
    assert.equal((await ask(pathname, { as: 'narrow' })).status, 403)
    assert.equal((await ask(`/graph/v23.0/${json.id}?phone_number_id=spare`)).status, 404)
    const gone = await ask(`/graph/v23.0/${json.id}`, { method: 'DELETE' })
    assert.deepEqual(gone.json, { success: true })
    const none = await ask(`/graph/v23.0/${json.id}`)
    assert.deepEqual([none.status, errorOf(none).code], [404, 100])
  })

  test('that is none of its kind is refused', async () => {
    const answer = await image(Buffer.from('no picture at all'))
    assert.deepEqual([answer.status, errorOf(answer).code], [400, 131009])
  })
})

test('an account is told as the phone number that it is', async () => {
  const whole = await ask('/graph/v23.0/main')
  assert.deepEqual(whole.json, {
    ...{ display_phone_number: '+12025550100', verified_name: 'Billing', status: 'CONNECTED' },
    ...{ quality_rating: 'UNKNOWN', id: 'main' },
  })
  const part = await ask('/graph/v23.0/main?fields=status,throughput')
  assert.deepEqual(part.json, { status: 'CONNECTED', id: 'main' })
  assert.equal((await ask('/graph/v23.0/spare', { as: 'narrow' })).status, 404)
})
