import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../app/lib/log.ts'
import { createRecipients } from '../../app/whatsapp/recipients.ts'
import { openTestStore } from '../outbox/world.ts'

const ALICE = '+12025550101'
const ADDRESS = '12025550101@s.whatsapp.net'
const LID = '7777777777@lid'
const HOUR_MS = 60 * 60 * 1_000

/** Recipients on a real store, over a line to WhatsApp on which `numbers` are known; `asked` counts the questions. */
async function world(t: Parameters<typeof openTestStore>[0], ...numbers: string[]) {
  const store = await openTestStore(t)
  const clock = { ms: Date.now() }
  const asked: string[] = []
  const socket = {
    async find(phone: string) {
      asked.push(phone)
      const known = { jid: `${phone.slice(1)}@s.whatsapp.net`, lid: LID }
      return numbers.includes(phone) ? known : ('none' as const)
    },
  }
  const start = () =>
    createRecipients({ account: 'main', store, log: silentLog, now: () => new Date(clock.ms) })
  const settled = () => store.meta.set('settled', 'yes') // writes are in order
  return { store, clock, asked, socket, start, settled }
}

test('a number is asked for once a day, also when the appliance starts anew in between', async t => {
  const { clock, asked, socket, start, settled } = await world(t, ALICE)
  const first = start()
  assert.equal(await first.addressOf(ALICE, socket), ADDRESS)
  assert.equal(await first.addressOf(ALICE, socket), ADDRESS)
  await settled()
  assert.equal(await start().addressOf(ALICE, socket), ADDRESS)
  assert.equal(asked.length, 1)
  clock.ms += 25 * HOUR_MS
  assert.equal(await start().addressOf(ALICE, socket), ADDRESS)
  assert.equal(asked.length, 2)
})

test('that a number is not on WhatsApp is believed for minutes only', async t => {
  const { clock, asked, socket, start, settled } = await world(t)
  const recipients = start()
  assert.equal(await recipients.addressOf(ALICE, socket), 'none')
  await settled()
  assert.equal(await start().addressOf(ALICE, socket), 'none')
  assert.equal(asked.length, 1)
  clock.ms += 6 * 60_000
  assert.equal(await recipients.addressOf(ALICE, socket), 'none')
  assert.equal(asked.length, 2)
})

test('who writes is on WhatsApp, whatever it said before; groups are never asked for', async t => {
  const { asked, socket, start, settled } = await world(t)
  const recipients = start()
  await recipients.addressOf(ALICE, socket)
  recipients.wrote(ALICE)
  assert.equal(await recipients.addressOf(ALICE, socket), ADDRESS)
  await settled()
  assert.equal(await start().addressOf(ALICE, socket), ADDRESS)
  assert.equal(await recipients.addressOf('120363041234567890@g.us', socket), '120363041234567890@g.us')
  assert.equal(asked.length, 1)
})

test('tells once that a number is of somebody who opted out under a LID; of anybody else never', async t => {
  const { store, socket, start } = await world(t, ALICE)
  const optOut = { contact: LID, to: 'opted-out', at: new Date(), effects: {} } as const
  await store.contacts.grant({ ...optOut, consent: { purpose: 'nothing' }, lift: optOut })
  const recipients = start()
  assert.equal(await recipients.addressOf(ALICE, socket), 'opted-out')
  assert.equal(await recipients.addressOf(ALICE, socket), ADDRESS)
})

test('tells so as well when the link is on the disk before the answer is, as the library keeps it on its own', async t => {
  const { store, socket, start } = await world(t, ALICE)
  const optOut = { contact: LID, to: 'opted-out', at: new Date(), effects: {} } as const
  await store.contacts.grant({ ...optOut, consent: { purpose: 'nothing' }, lift: optOut })
  const linking: typeof socket = {
    async find(phone) {
      await store.contacts.link({ lid: LID, number: phone })
      return await socket.find(phone)
    },
  }
  const recipients = start()
  assert.equal(await recipients.addressOf(ALICE, linking), 'opted-out')
  assert.equal(await recipients.addressOf(ALICE, linking), ADDRESS)
})
