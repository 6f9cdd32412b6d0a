import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createDeviceLists, type DeviceList } from '../../app/whatsapp/socket/device-lists.ts'
import { CONTACT, OURS, type Rig, startRig, text, until } from './rig.ts'

const CAROL = '+12025550103'
const DAVE = '+12025550104'
const MINUTE_MS = 60_000
type Said = { readonly text?: { readonly body: string } }
const BOB = [{ user: '1', device: 0 }]

describe('device lists', () => {
  const disk = new Map<string, DeviceList>()
  let clock = new Date('2026-01-01T00:00:00Z')
  const connect = () =>
    createDeviceLists({
      now: () => clock,
      read: async user => disk.get(user),
      write: (user, list) => void (list === null ? disk.delete(user) : disk.set(user, list)),
    })
  const later = (minutes: number) => {
    clock = new Date(clock.getTime() + minutes * MINUTE_MS)
  }

  test('are known to the next connection, for a day after WhatsApp told them', async () => {
    await connect().set('bob', BOB)
    later(23 * 60)
    const next = connect()
    assert.deepEqual(await next.get('bob'), BOB)
    later(61)
    assert.equal(await next.get('bob'), undefined)
    assert.equal(await connect().get('bob'), undefined)
  })

  test('from a clock that has stepped back are not believed', async () => {
    await connect().set('bob', BOB)
    later(-1)
    assert.equal(await connect().get('bob'), undefined)
    later(1)
    assert.deepEqual(await connect().get('bob'), BOB)
  })

  test('that were told or dropped while the disk was asked count, and not what it had', async () => {
    const disk = Promise.withResolvers<DeviceList>()
    const lists = createDeviceLists({ now: () => clock, read: () => disk.promise, write: () => {} })
    const asking = ['bob', 'carol'].map(user => lists.get(user))
    const fresh = [...BOB, { user: '1', device: 3 }]
    await Promise.all([lists.set('bob', fresh), lists.del('carol')])
    disk.resolve({ devices: BOB, at: clock.getTime(), goodForMs: MINUTE_MS })
    assert.deepEqual(await Promise.all(asking), [fresh, undefined])
    assert.deepEqual([await lists.get('bob'), await lists.get('carol')], [fresh, undefined])
  })

  test('that come within a minute of a change may be from before it, and are good for five minutes; later ones for a day', async () => {
    const lists = connect()
    for (const [user, afterMinutes] of [
      ['bob', 0.9],
      ['carol', 1.1],
    ] as const) {
      await lists.del(user)
      later(afterMinutes)
      await lists.set(user, BOB)
      later(4.9)
      assert.deepEqual(await lists.get(user), BOB)
      later(0.2)
      assert.deepEqual(await lists.get(user), user === 'bob' ? undefined : BOB)
      assert.deepEqual(await connect().get(user), user === 'bob' ? undefined : BOB)
    }
    await lists.set('bob', BOB)
    later(60)
    assert.deepEqual(await lists.get('bob'), BOB)
  })

  test('that were dropped are gone at once, before the disk has heard of it', async () => {
    const lists = createDeviceLists({
      now: () => clock,
      read: async () => ({ devices: BOB, at: clock.getTime(), goodForMs: MINUTE_MS }),
      write: () => {},
    })
    assert.deepEqual(await lists.get('bob'), BOB)
    await lists.del('bob')
    assert.equal(await lists.get('bob'), undefined)
  })
})

describe('a session that is started again', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.link()
  })
  after(() => rig.stop())

  test('writes to a contact without asking for their devices, and asks for those of a new one', async () => {
    await rig.phones.post('/phones', { number: CAROL, name: 'Carol' })
    assert.equal(await asksFor(CONTACT), 1)
    await rig.restart()
    await rig.opened()
    assert.equal(await asksFor(CONTACT), 0)
    assert.equal(await asksFor(CAROL), 1)
  })

  test('writes to the device that a contact adds, whose list it would keep for a day', async () => {
    assert.equal(await asksFor(CAROL), 0)
    await addsDevice(CAROL)
    await reaches(CAROL, 'for all of your devices')
    assert.equal(await asksFor(CAROL), 0)
  })

  test('writes to the device that a member of a group adds who is known by a LID there', async () => {
    const members = { creator: OURS, participants: [OURS, DAVE] }
    await rig.phones.post('/phones', { number: DAVE, name: 'Dave' })
    const { id } = await rig.phones.post('/groups', { subject: 'Ours', addressing: 'lid', ...members })
    assert.equal(await asksFor(String(id)), 1)
    assert.equal(await asksFor(String(id)), 0)
    await addsDevice(DAVE)
    await reaches(DAVE, 'for all of us', String(id))
    assert.equal(await asksFor(String(id)), 0)
  })

  async function addsDevice(contact: string): Promise<void> {
    await rig.phones.post('/phones', { number: contact, devices: 1 })
    await rig.allConfirmed()
  }

  /** Sends a text, which the contact's phone and its new device must get. */
  async function reaches(contact: string, body: string, chat = contact): Promise<void> {
    assert.equal((await rig.send(chat, text(body))).kind, 'acked')
    for (const device of [0, 1]) await until(`device ${device} to have it`, () => isAt(contact, device, body))
    const { stale_device_lists, stale_sender_keys, retries } = await rig.phones.get('/stats')
    const leftOut = { stale_device_lists, stale_sender_keys, retries }
    assert.deepEqual(leftOut, { stale_device_lists: 0, stale_sender_keys: 0, retries: 0 })
  }

  async function isAt(contact: string, device: number, body: string): Promise<boolean | undefined> {
    const { data } = await rig.phones.get(`/phones/${contact}/inbox?device=${device}`)
    return (data as Said[]).some(({ text }) => text?.body === body) || undefined
  }

  /** How often WhatsApp was asked for anybody's devices for one message. */
  async function asksFor(contact: string): Promise<number> {
    const before = await queries()
    assert.equal((await rig.send(contact, text('hello'))).kind, 'acked')
    return (await queries()) - before
  }

  async function queries(): Promise<number> {
    const lines = (await rig.phones.get('/stanzas')).data as string[]
    return lines.filter(line => line.includes(' in iq ') && line.includes('usync context=message')).length
  }
})
