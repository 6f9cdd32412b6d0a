import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CONTACT, OURS, until } from '../whatsapp/rig.ts'
import type { How, World } from './world.ts'

const FAULTS: readonly (readonly [string, How, string])[] = [
  ['chats/C/presence', { method: 'PUT', body: { state: 'singing' } }, '$.state'],
  ['chats/C/read', { body: { message_ids: ['nothing'] } }, '$.message_ids[0]'],
  ['chats/C/read', { body: { message_ids: [] } }, '$.message_ids'],
  ['chats/C', { method: 'PATCH', body: {} }, '$'],
  ['chats/C', { method: 'PATCH', body: { archive: true } }, '$.archive'],
  ['chats/C', { method: 'PATCH', body: { muted_until: 'tomorrow' } }, '$.muted_until'],
  ['chats/C', { method: 'PATCH', body: { ephemeral_seconds: 7 } }, '$.ephemeral_seconds'],
  ['chats?before=x', {}, ''],
]

let world: World
const at = (chat: string) => `chats/${encodeURIComponent(chat)}`
const setting = (body: object) => world.ask(at(CONTACT), { method: 'PATCH', body })
const onThePhone = () => world.rig.phones.get(`/phones/${OURS}/chats`)

/** A message of the contact, also where the HTTP side of these tests looks for messages. */
async function said(body: string): Promise<string> {
  const id = await world.rig.contactSays(body)
  const message = await until('the message', () => world.rig.store.messages.get('main', id))
  await world.http.store.messages.receive(message, {})
  return id
}

function testsOfReading(): void {
  test('what came in is read, as named or the latest, and the other side hears of it', async () => {
    const [first, second] = [await said('one'), await said('two')]
    const status = async (id: string) => {
      const { data } = await world.rig.phones.get(`/phones/${CONTACT}/sent`)
      return (data as { id: string; status: string }[]).find(entry => entry.id === id)?.status
    }
    const one = await world.ask(`${at(CONTACT)}/read`, { body: { message_ids: [first] } })
    assert.deepEqual([one.status, one.json.message_ids], [200, [first]], one.bytes.toString())
    await until('the receipt', async () => (await status(first)) === 'read')
    assert.equal(await status(second), 'delivered')
    const rest = await world.ask(`${at(CONTACT)}/read`, { method: 'POST' })
    assert.ok((rest.json.message_ids as string[]).includes(second))
    await until('the receipt', async () => (await status(second)) === 'read')
  })

  test('typing is seen on the other side', async () => {
    const body = { state: 'recording' }
    assert.equal((await world.ask(`${at(CONTACT)}/presence`, { method: 'PUT', body })).status, 200)
    await until('the sign', async () => {
      const { data } = await world.rig.phones.get(`/phones/${CONTACT}/signs`)
      return (data as { from: string; state: string }[]).some(
        ({ from, state }) => from === OURS && state === 'recording',
      )
    })
  })

  test('a chat is archived, pinned, muted and marked, and the phone has it so', async () => {
    const inOurs = async () => {
      const { data } = await onThePhone()
      return (data as Record<string, unknown>[]).find(({ chat }) => chat === CONTACT) ?? {}
    }
    const mutedUntil = '2099-01-01T00:00:00.000Z'
    const changes: readonly (readonly [object, string, unknown])[] = [
      [{ archived: true }, 'archived', true],
      [{ archived: false }, 'archived', false],
      [{ pinned: true }, 'pinned', true],
      [{ muted_until: mutedUntil }, 'muted_until', mutedUntil],
      [{ muted_until: null }, 'muted_until', null],
      [{ read: false }, 'unread', true],
      [{ read: true }, 'unread', false],
    ]
    for (const [body, member, want] of changes) {
      const { status, bytes } = await setting(body)
      assert.equal(status, 200, bytes.toString())
      await until(`${member} ${want}`, async () => (await inOurs())[member] === want)
    }
  })

  test('messages are made to disappear, and the other side is told', async () => {
    for (const seconds of [604_800, 0]) {
      const { status, bytes } = await setting({ ephemeral_seconds: seconds })
      assert.equal(status, 200, bytes.toString())
      assert.equal(await world.http.store.messages.timer('main', CONTACT), seconds, 'for what we send next')
    }
  })
}

function testsOfLists(): void {
  test('chats are listed by their last message, a page at a time, and as far as rules show them', async () => {
    const group = '120363000000000007@g.us'
    const last = await world.rig.store.messages.list({ account: 'main', chat: CONTACT, limit: 1 })
    const [sample] = last.items
    assert.ok(sample)
    const more = ['+33600000009', group].map((chat, n) => ({ ...sample, id: `msg_x${n}`, chat }))
    for (const message of more) await world.http.store.messages.receive(message, {})
    const chats = (answer: { json: { data: unknown } }) =>
      (answer.json.data as { chat: string }[]).map(({ chat }) => chat)
    const whole = await world.ask('chats')
    assert.deepEqual(chats(whole), [group, '+33600000009', CONTACT])
    assert.deepEqual(whole.json.data[0].kind, 'group')
    const first = await world.ask('chats?limit=2')
    assert.deepEqual(chats(first), [group, '+33600000009'])
    const rest = await world.ask(`chats?limit=2&before=${first.json.next}`)
    assert.deepEqual([chats(rest), rest.json.next], [[CONTACT], null])
    assert.equal((await world.ask('chats', { as: 'narrow' })).status, 403, 'no single chat')
  })

  test('what is wrong with a request is told with its place', async () => {
    for (const [path, how, place] of FAULTS) {
      const { status, json, bytes } = await world.ask(path.replace('C', encodeURIComponent(CONTACT)), how)
      const found = place === '' || (json.errors ?? []).some(error => error.path === place)
      assert.deepEqual([status, found], [422, true], `${path} ${JSON.stringify(how)}: ${bytes}`)
    }
    const status = await world.ask('chats/status/read', { method: 'POST' })
    assert.equal(status.json.code, 'invalid-recipient')
    assert.equal((await world.ask('chats/nothing', { method: 'PATCH', body: { pinned: true } })).status, 422)
  })
}

/** What the account sets about chats, and what the other side is shown. */
export function chatTests(running: () => World): void {
  before(() => {
    world = running()
  })
  testsOfReading()
  testsOfLists()
}
