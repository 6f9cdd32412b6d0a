import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { OptOut, PolicySnapshot, Rule } from '../../app/policy/snapshot.ts'
import { type RunningHttp, startHttp } from './running-http.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
const TERMS: PolicySnapshot['consent'] = {
  requiredFields: ['purpose', 'granted_at', 'evidence'],
  purposes: ['billing', 'service'],
  maxAgeMs: 730 * DAY_MS,
}
const WORDS: OptOut = {
  keywords: { en: ['STOP'] },
  liftBy: 'operator',
  backKeywords: { en: ['START'] },
  exceptPurposes: [],
}
const allow = (rule: Partial<Rule> & Pick<Rule, 'id' | 'principals' | 'actions'>): Rule => ({
  effect: 'allow',
  when: {},
  ...rule,
})
const RULES = [
  allow({
    id: 'reads-french-contacts',
    principals: ['narrow'],
    actions: ['contacts.read'],
    when: { recipients: { prefixes: ['+33'] } },
  }),
  allow({ id: 'writes-consent', principals: ['billing', 'oncall'], actions: ['consent.write'] }),
  allow({
    id: 'writes-french-consent',
    principals: ['narrow'],
    actions: ['consent.write'],
    when: { recipients: { prefixes: ['+33'] } },
  }),
  allow({ id: 'sends', principals: ['billing'], actions: ['messages.send'], when: { consent: 'required' } }),
]

let http: RunningHttp
before(async () => {
  http = await startHttp()
  http.setPolicy({ consent: TERMS, optOut: WORDS, rules: RULES })
})
after(() => http.stop())

const ago = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString()
const GIVEN = { purpose: 'billing', granted_at: ago(1), evidence: 'form 7' }
const OPERATOR = {
  site: 'dashboard',
  headers: { 'postern-basic-user': 'oncall', 'sec-fetch-site': 'same-origin' },
}

let number = 0
const fresh = () => `+1202555${String(2000 + number++)}`
const path = (phone: string) => `/v1/contacts/${encodeURIComponent(phone)}/consent`
const put = (phone: string, body: object, how: object = { as: 'billing' }) =>
  http.ask({ path: path(phone), method: 'PUT', body, ...how })
const send = (to: string, purpose?: string) =>
  http.ask({
    path: '/v1/accounts/main/messages',
    as: 'billing',
    body: { to, text: { body: 'hello' }, ...(purpose === undefined ? {} : { purpose }) },
  })

test('a consent opens what rules close without one, for its purpose alone', async () => {
  const to = fresh()
  assert.equal((await send(to, 'billing')).status, 403)
  const answer = await put(to, GIVEN)
  assert.equal(answer.status, 200)
  assert.equal(answer.json.phone, to)
  const [consent] = answer.json.consents as [{ recorded_at: string }]
  assert.deepEqual(
    { ...consent, recorded_at: undefined },
    {
      ...{ purpose: 'billing', granted_at: GIVEN.granted_at, has_evidence: true, recorded_at: undefined },
      ...{ withdrawn_at: null, valid: true },
    },
  )
  assert.equal((await send(to, 'billing')).status, 202)
  assert.equal((await send(to, 'service')).status, 403, 'another purpose')
  assert.equal((await send(to)).status, 403, 'no purpose')
  assert.equal((await send(fresh(), 'billing')).status, 403, 'another contact')
})

test('a consent that is taken back counts no more, and stays in the ledger as such', async () => {
  const to = fresh()
  await put(to.slice(1), GIVEN)
  await put(to, { ...GIVEN, purpose: 'service' })
  const one = await http.ask({ path: `${path(to)}?purpose=billing`, method: 'DELETE', as: 'billing' })
  assert.equal(one.status, 200)
  assert.equal((await send(to, 'billing')).status, 403)
  assert.equal((await send(to, 'service')).status, 202)
  const all = await http.ask({ path: path(to), method: 'DELETE', as: 'billing' })
  const consents = all.json.consents as { valid: boolean; withdrawn_at: string | null }[]
  assert.deepEqual(
    consents.map(({ valid, withdrawn_at }) => [valid, withdrawn_at !== null]),
    [
      [false, true],
      [false, true],
    ],
  )
  assert.equal((await send(to, 'service')).status, 403)
  await put(to, GIVEN)
  assert.equal((await send(to, 'billing')).status, 202, 'given anew')
})

const FAULTS = [
  { body: { ...GIVEN, evidence: undefined }, at: '$.evidence', says: /is missing/ },
  { body: { ...GIVEN, granted_at: undefined }, at: '$.granted_at', says: /is missing/ },
  { body: { ...GIVEN, purpose: undefined }, at: '$.purpose', says: /is missing/ },
  { body: { ...GIVEN, purpose: 'biling' }, at: '$.purpose', says: /did you mean "billing"/ },
  { body: { ...GIVEN, granted_at: ago(-1) }, at: '$.granted_at', says: /future/ },
  { body: { ...GIVEN, granted_at: ago(731) }, at: '$.granted_at', says: /so long ago/ },
  { body: { ...GIVEN, granted_at: 'yesterday' }, at: '$.granted_at', says: /instant/ },
  { body: { ...GIVEN, proof: 'x' }, at: '$.proof', says: /not known here/ },
]

test('a consent that would not count is not taken, and the answer says why', async () => {
  for (const { body, at, says } of FAULTS) {
    const answer = await put(fresh(), body)
    assert.equal(answer.status, 422, JSON.stringify(body))
    const error = answer.json.errors.find(one => one.path === at)
    assert.match(error?.message ?? JSON.stringify(answer.json.errors), says)
  }
  assert.equal((await put('nobody', GIVEN)).json.code, 'invalid-recipient')
  assert.equal((await put('120363000000000001@g.us', GIVEN)).json.code, 'invalid-recipient')
})

test('who may write consents is said by rules, also for whom', async () => {
  assert.equal((await put(fresh(), GIVEN, { as: 'busy' })).status, 403)
  assert.equal((await put(fresh(), GIVEN, { as: 'narrow' })).status, 403)
  assert.equal((await put('+33600000001', GIVEN, { as: 'narrow' })).status, 200)
  const taken = await http.ask({ path: path(fresh()), method: 'DELETE', as: 'narrow' })
  assert.equal(taken.status, 403)
})

test('what is known of a contact is shown to whom rules let read it, under either of its names', async () => {
  const phone = '+33600000002'
  const lid = '7777777777@lid'
  await put(phone, GIVEN)
  const look = (contact: string, as: string) => http.ask({ path: path(contact), as })
  const { status, json } = await look(phone, 'narrow')
  assert.equal(status, 200)
  assert.deepEqual([json.phone, json.opted_out_at, (json.consents as unknown[]).length], [phone, null, 1])
  assert.equal((await look(lid, 'narrow')).status, 403, 'nobody knows whose that is')
  await http.store.contacts.link({ lid, number: phone })
  assert.deepEqual((await look(lid, 'narrow')).json, json)
  assert.equal((await look(fresh(), 'narrow')).status, 403)
  assert.equal((await look(phone, 'billing')).status, 403, 'who may write need not read')
})

test('an operator lifts an opt-out by a consent given later; nobody else does, and no earlier one', async () => {
  const to = fresh()
  const optOut = async () => {
    const at = new Date(Date.now() - 2 * DAY_MS)
    const lift = { contact: to, to: 'opted-out', at, effects: {} } as const
    const consent = { purpose: 'billing' }
    await http.store.contacts.grant({ contact: to, consent, at, effects: {}, lift })
  }
  await optOut()
  assert.notEqual((await put(to, GIVEN)).json.opted_out_at, null, 'a service')
  assert.notEqual(
    (await put(to, { ...GIVEN, granted_at: ago(3) }, OPERATOR)).json.opted_out_at,
    null,
    'earlier',
  )
  http.setPolicy({ optOut: { ...WORDS, liftBy: 'contact' } })
  assert.notEqual((await put(to, GIVEN, OPERATOR)).json.opted_out_at, null, 'left to the contact')
  assert.equal((await send(to, 'billing')).status, 403)
  http.setPolicy({ optOut: WORDS })
  assert.equal((await put(to, GIVEN, OPERATOR)).json.opted_out_at, null)
  assert.equal((await send(to, 'billing')).status, 202)
  const events = (await http.store.events.list({ limit: 1_000 })).items
  const told = events.filter(({ type }) => type === 'contact.opted_in')
  assert.deepEqual(
    told.map(({ data }) => data),
    [{ contact: to, by: 'operator' }],
  )
})

test('the audit chain has each change, and neither numbers nor evidence', async () => {
  const to = fresh()
  await put(to, { ...GIVEN, evidence: 'a very secret form' })
  const { items } = await http.store.audit.list({ limit: 1_000, action: 'consent.write' })
  const last = items.at(-1)
  assert.equal(last?.decision, 'done')
  assert.deepEqual([last?.detail?.purpose, last?.detail?.granted], ['billing', true])
  assert.doesNotMatch(JSON.stringify(items), new RegExp(`${to.slice(1)}|secret form`))
})
