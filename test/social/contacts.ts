import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CONTACT, OURS, until } from '../whatsapp/rig.ts'
import type { How, World } from './world.ts'

const NOBODY = '+12025550198'
const FRENCH = '+33600000009'

const FAULTS: readonly (readonly [string, How, string])[] = [
  ['contacts/check', { body: { phones: [] } }, '$.phones'],
  ['contacts/check', { body: { phones: [CONTACT, 'x'] } }, '$.phones[1]'],
  ['contacts/check', { body: { phones: Array(51).fill(CONTACT) } }, '$.phones'],
  ['contacts/C/block', { method: 'PUT', body: {} }, '$.blocked'],
  ['contacts/C?details=maybe', {}, 'details'],
  ['contacts/C?detail=true', {}, 'detail'],
]

let world: World
const at = (phone: string) => `contacts/${encodeURIComponent(phone)}`

function testsOfCards(): void {
  test('numbers are asked for together, and each has its answer', async () => {
    const { lid } = await world.rig.phones.get(`/phones/${CONTACT}`)
    const phones = [NOBODY, CONTACT.slice(1)]
    const { status, json } = await world.ask('contacts/check', { body: { phones } })
    assert.equal(status, 200)
    assert.deepEqual(json.data, [
      { phone: NOBODY, on_whatsapp: false, chat: null, lid: null },
      { phone: CONTACT, on_whatsapp: true, chat: CONTACT, lid: `${lid}@lid` },
    ])
    assert.equal(await world.rig.store.contacts.nameOf(`${lid}@lid`), CONTACT)
  })

  test('a contact is shown with consents and opt-out, and with what they show themselves where that is asked', async () => {
    const { store } = world.http
    await world.rig.phones.patch(`/phones/${CONTACT}/profile`, { about: 'At the lake' })
    await store.contacts.call({ contact: CONTACT, name: 'Bob', effects: {} })
    const before = (await world.ask(at(CONTACT))).json
    assert.equal(before.name, 'Bob')
    assert.deepEqual([before.phone, before.on_whatsapp, before.opted_out_at], [CONTACT, true, null])
    assert.equal('about' in before, false)
    const optOut = { contact: CONTACT, to: 'opted-out', at: new Date(), effects: {} } as const
    await store.contacts.grant({ ...optOut, consent: { purpose: 'billing' }, lift: optOut })
    const { json } = await world.ask(`${at(CONTACT.slice(1))}?details=true`)
    assert.deepEqual([json.about, json.picture_url, json.blocked], ['At the lake', null, false])
    assert.notEqual(json.opted_out_at, null)
    assert.deepEqual(
      (json.consents as { purpose: string }[]).map(({ purpose }) => purpose),
      ['billing'],
    )
    const back = { ...optOut, to: 'opted-in' } as const
    await store.contacts.grant({ ...optOut, consent: { purpose: 'billing' }, lift: back })
    const nobody = await world.ask(`${at(NOBODY)}?details=true`)
    assert.deepEqual([nobody.status, nobody.json.on_whatsapp], [200, false])
  })
}

function testsOfRules(): void {
  test('a contact is blocked, listed and let in again', async () => {
    const block = (blocked: boolean) =>
      world.ask(`${at(CONTACT)}/block`, { method: 'PUT', body: { blocked } })
    assert.equal((await block(true)).status, 200)
    assert.deepEqual((await world.ask('contacts/blocked')).json.data, [{ phone: CONTACT }])
    assert.equal((await world.ask(`${at(CONTACT)}?details=true`)).json.blocked, true)
    await world.rig.contactSays('can you hear me?')
    assert.equal((await block(false)).status, 200)
    assert.deepEqual((await world.ask('contacts/blocked')).json.data, [])
    const id = await world.rig.contactSays('and now?')
    await until('the message', () => world.rig.store.messages.get('main', id))
    const named = await until('the name', () => world.rig.store.contacts.calledOf(CONTACT))
    assert.equal(named, 'Bob')
    const events = (await world.rig.events()).filter(({ type }) => type === 'contact.updated')
    assert.deepEqual(
      events.map(({ data }) => [data.contact, data.name]),
      [[CONTACT, 'Bob']],
    )
    const { items } = await world.rig.store.messages.list({ account: 'main', chat: CONTACT, limit: 9 })
    assert.equal(JSON.stringify(items).includes('can you hear me?'), false)
  })

  test('what is wrong with a request is told with its place', async () => {
    for (const [path, how, place] of FAULTS) {
      const { status, json, bytes } = await world.ask(path.replace('C', encodeURIComponent(CONTACT)), how)
      const found = (json.errors ?? []).some(error => error.path === place)
      assert.deepEqual([status, found], [422, true], `${path}: ${bytes}`)
    }
    assert.equal((await world.ask('contacts/nobody')).json.code, 'invalid-recipient')
    assert.equal((await world.ask('contacts/120363000000000001%40g.us')).json.code, 'invalid-recipient')
  })

  test('rules decide whose contact is shown', async () => {
    assert.equal((await world.ask(at(CONTACT), { as: 'narrow' })).status, 200)
    assert.equal((await world.ask(at(FRENCH), { as: 'narrow' })).status, 403)
    const block = { method: 'PUT', body: { blocked: true }, as: 'narrow' }
    assert.equal((await world.ask(`${at(CONTACT)}/block`, block)).status, 403)
  })
}

function testsOfTheAddressBook(): void {
  test('somebody is put into the address book, taken out, and put in again under another name', async () => {
    const names: string[] = []
    for (const name of ['Bob', undefined, undefined, 'Robert']) {
      const asked = await world.rig.sessions.ask('main', ({ contacts }) => contacts.name(CONTACT, name))
      assert.equal(asked.kind, 'answered')
      const { data } = await world.rig.phones.get(`/phones/${OURS}/contacts`)
      names.push((data as { name: string }[]).map(one => one.name).join())
    }
    assert.deepEqual(names, ['Bob', '', '', 'Robert'])
  })
}

/** Who is on WhatsApp, what they show and what they have said. */
export function contactTests(running: () => World): void {
  before(() => {
    world = running()
  })
  testsOfCards()
  testsOfRules()
  testsOfTheAddressBook()
}
