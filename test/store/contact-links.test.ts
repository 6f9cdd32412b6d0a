import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StandingChange } from '../../app/store/contacts.ts'
import { after, freshStore, NO_EFFECTS, START } from './fixture.ts'

const LID = '7777777777@lid'
const NUMBER = '+12025550100'
const OTHER = '+12025550199'
const LINK = { lid: LID, number: NUMBER }
const BOTH = [LID, NUMBER]

type World = Awaited<ReturnType<typeof freshStore>>

/** As a STOP or a START does, with a consent beside it that says nothing. */
async function becomes({ contacts }: World, contact: string, to: StandingChange['to']): Promise<void> {
  const lift = { contact, to, at: START, effects: NO_EFFECTS }
  await contacts.grant({ contact, consent: { purpose: 'nothing' }, at: START, effects: NO_EFFECTS, lift })
}

const optedOut = (store: World, names: readonly string[]) =>
  Promise.all(names.map(async name => (await store.contacts.standing(name)).optedOutAt !== undefined))

const purposes = async ({ contacts }: World, name: string) =>
  (await contacts.standing(name)).consents.map(({ purpose, evidence, withdrawnAt }) => [
    purpose,
    evidence,
    withdrawnAt !== undefined,
  ])

for (const [said, other] of [BOTH, [NUMBER, LID]] as const) {
  test(`an opt-out of ${said} covers ${other} once they are known for one person`, async t => {
    const store = await freshStore(t)
    await becomes(store, said, 'opted-out')
    assert.deepEqual(await optedOut(store, [said, other]), [true, false])
    await store.contacts.link(LINK)
    assert.deepEqual(await optedOut(store, [said, other, OTHER]), [true, true, false])
  })

  test(`what ${said} says after that holds for ${other} at once, also when it is taken back`, async t => {
    const store = await freshStore(t)
    await store.contacts.link(LINK)
    await becomes(store, said, 'opted-out')
    assert.deepEqual(await optedOut(store, BOTH), [true, true])
    await becomes(store, other, 'opted-in')
    assert.deepEqual(await optedOut(store, BOTH), [false, false])
  })
}

test('the library need only tell the two names along with its keys', async t => {
  const store = await freshStore(t)
  await becomes(store, LID, 'opted-out')
  const key = { type: 'lid-mapping', id: '12025550100', value: Buffer.from('"7777777777"') }
  await store.signalKeys.set('main', [key])
  assert.deepEqual(await optedOut(store, BOTH), [true, false])
  await store.signalKeys.set('main', [{ ...key, link: LINK }])
  assert.deepEqual(await optedOut(store, BOTH), [true, true])
})

test('of two consents to one purpose the later change counts, with its evidence', async t => {
  const store = await freshStore(t)
  const grant = (contact: string, purpose: string, [evidence, ms]: readonly [string, number]) =>
    store.contacts.grant({ contact, consent: { purpose, evidence }, at: after(ms), effects: NO_EFFECTS })
  await grant(LID, 'billing', ['by chat', 1])
  await grant(NUMBER, 'billing', ['by phone', 2])
  await grant(LID, 'service', ['by form', 3])
  await grant(NUMBER, 'alerts', ['by mail', 4])
  await grant(LID, 'alerts', ['by chat', 5])
  await store.contacts.withdraw({ contact: NUMBER, purpose: 'alerts', at: after(6), effects: NO_EFFECTS })
  await store.contacts.link(LINK)
  for (const name of BOTH) {
    assert.deepEqual(await purposes(store, name), [
      ['alerts', 'by mail', true],
      ['billing', 'by phone', false],
      ['service', 'by form', false],
    ])
  }
  await store.contacts.withdraw({ contact: LID, at: after(7), effects: NO_EFFECTS })
  assert.ok((await purposes(store, NUMBER)).every(([, , withdrawn]) => withdrawn))
})

test('a LID is called by its number once that is known, and by the next when the person changes it', async t => {
  const store = await freshStore(t)
  assert.equal(await store.contacts.nameOf(LID), LID)
  await store.contacts.link(LINK)
  assert.equal(await store.contacts.nameOf(LID), NUMBER)
  await becomes(store, NUMBER, 'opted-out')
  await store.contacts.link({ lid: LID, number: OTHER })
  assert.equal(await store.contacts.nameOf(LID), OTHER)
  assert.deepEqual(await optedOut(store, [LID, NUMBER, OTHER]), [true, true, true])
  assert.equal(await store.contacts.nameOf('120363000000000001@g.us'), '120363000000000001@g.us')
})
