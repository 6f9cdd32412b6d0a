import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Template } from '../../app/model/template.ts'
import type { Rule } from '../../app/policy/snapshot.ts'
import { type RunningHttp, startHttp } from './running-http.ts'

const INVOICE: Template = {
  name: 'invoice',
  language: 'en',
  body: "Hello {{ name }}, invoice {{ number }} is due {{ due | date: '%d %b' }}.",
  parameters: { name: 'string', number: 'string', due: 'date' },
}
const OFFER: Template = { name: 'offer', language: 'en', body: 'Buy!', parameters: {} }
const ONLY_INVOICES: Rule = {
  id: 'invoices',
  effect: 'allow',
  principals: ['billing'],
  actions: ['messages.send'],
  when: { messageTypes: ['template'], templates: ['inv*'] },
}

let http: RunningHttp
before(async () => {
  http = await startHttp()
  http.setPolicy({
    templates: new Map([INVOICE, OFFER].map(template => [template.name, template])),
    rules: [ONLY_INVOICES],
  })
})
after(() => http.stop())

const PARAMETERS = { name: 'Ana', number: '7', due: '2026-12-03' }
let number = 0
const ask = (template: object, more: object = {}) => {
  const body = { to: `+1202555${String(1000 + number++)}`, type: 'template', template, ...more }
  return http.ask({ path: '/v1/accounts/main/messages', as: 'billing', body })
}

test('sends a template of the policies in the words that it has now', async () => {
  const answer = await ask({ name: 'invoice', parameters: PARAMETERS }, { context: { message_id: '3EB0AA' } })
  assert.equal(answer.status, 202)
  const stored = await http.store.messages.get('main', answer.json.id)
  assert.deepEqual(stored?.content, {
    type: 'template',
    template: { name: 'invoice', language: 'en', body: 'Hello Ana, invoice 7 is due 03 Dec.' },
    context: { message_id: '3EB0AA' },
  })
})

test('lets rules speak of templates by name', async () => {
  const answer = await ask({ name: 'offer' })
  assert.equal(answer.status, 403)
  const text = { to: '+12025550199', type: 'text', text: { body: 'hello' } }
  const refused = await http.ask({ path: '/v1/accounts/main/messages', as: 'billing', body: text })
  assert.equal(refused.status, 403, 'a rule for templates is none for texts')
})

const FAULTS = [
  {
    template: { name: 'invoise', parameters: PARAMETERS },
    wrong: { '$.template.name': /no template.*"invoice"/ },
  },
  {
    template: { name: 'invoice', parameters: { name: 'Ana', due: 'soon', extra: 1 } },
    wrong: {
      '$.template.parameters.extra': /no parameter/,
      '$.template.parameters.number': /is missing/,
      '$.template.parameters.due': /a day/,
    },
  },
  { template: { name: 'invoice' }, wrong: { '$.template.parameters.name': /is missing/ } },
  { template: { name: 'invoice', parameters: [] }, wrong: { '$.template.parameters': /must be an object/ } },
  { template: { parameters: PARAMETERS }, wrong: { '$.template.name': /is missing/ } },
  { template: { name: 'invoice', params: PARAMETERS }, wrong: { '$.template.params': /not known here/ } },
  { template: 'invoice', wrong: { '$.template': /must be an object/ } },
]

test('answers 422 and every fault when a template is not asked for as it is declared', async () => {
  for (const { template, wrong } of FAULTS) {
    const answer = await ask(template as object)
    assert.equal(answer.status, 422, JSON.stringify(template))
    for (const [path, message] of Object.entries(wrong)) {
      const error = answer.json.errors.find(one => one.path === path)
      assert.match(error?.message ?? JSON.stringify(answer.json.errors), message)
    }
  }
})

test('reads no text beside a template', async () => {
  const answer = await ask({ name: 'offer' }, { text: { body: 'and more' } })
  assert.equal(answer.status, 422)
  assert.equal(answer.json.errors[0].path, '$.text')
})
