import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { WASocket } from '@whiskeysockets/baileys'
import { CONTACT, jid, MAIN, Rig, tempDir } from '../rig.ts'

const SECOND = '12025550110'

type State = {
  readonly running: boolean
  readonly sent: number
  readonly failed: number
  readonly wanted: number
}
type Entry = {
  readonly seq: number
  readonly phone: string
  readonly event: string
  readonly id: string
  readonly from: string
  readonly chat: string
  readonly text?: string
}

test('phones write to accounts at the rate, and each account gets what its ledger says, in the order of each chat', async t => {
  const { rig, received } = await twoAccounts(t)
  await rig.ask('POST', '/load', { chats: 5, groups: 2, rate: 60, seconds: 1, seed: 7 })
  await rig.eventually(async () => (await rig.ask<State>('GET', '/load')).running, false)
  const { sent, failed, wanted } = await rig.ask<State>('GET', '/load')
  assert.deepEqual({ sent, failed, wanted }, { sent: 60, failed: 0, wanted: 60 })
  await rig.eventually(() => received.texts.size, 60)
  const written = (await ledger(rig)).filter(({ event }) => event === 'sent')
  assert.equal(written.length, 60)
  assert.deepEqual(new Map(written.map(({ id, text }) => [id, text])), received.texts)
  assert.deepEqual(received.chats, chatsOf(written))
})

test('the ledger holds what accounts send as well: copied to their phones, seen by the people, and survives a restart', async t => {
  const rig = await Rig.start(t, { stateDir: tempDir(t) })
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const message = await sock.sendMessage(jid(CONTACT), { text: 'in the books' })
  const id = String(message?.key.id)
  const wanted = [
    { phone: `+${MAIN}`, event: 'copied', id, from: `+${MAIN}`, chat: `+${CONTACT}`, text: 'in the books' },
    { phone: `+${CONTACT}`, event: 'seen', id, from: `+${MAIN}`, chat: `+${MAIN}`, text: 'in the books' },
  ]
  const found = async () =>
    (await ledger(rig)).map(({ phone, event, id, from, chat, text }) => ({
      phone,
      event,
      id,
      from,
      chat,
      text,
    }))
  const inOrder = async () => (await found()).toSorted((a, b) => a.event.localeCompare(b.event))
  await rig.eventually(inOrder, wanted)
  await sock.end(undefined)
  await rig.restart()
  assert.deepEqual(await inOrder(), wanted)
  const [last] = (await ledger(rig)).slice(-1)
  assert.deepEqual(await ledger(rig, `after=${last?.seq}`), [])
  assert.deepEqual(
    (await ledger(rig, `phone=${CONTACT}`)).map(({ event }) => event),
    ['seen'],
  )
})

test('a load can be stopped, and no second one starts beside it', async t => {
  const { rig } = await twoAccounts(t)
  await rig.ask('POST', '/load', { chats: 2, rate: 10, seconds: 600 })
  await assert.rejects(rig.ask('POST', '/load', { chats: 2, rate: 10 }), /409/)
  const { running, sent } = await rig.ask<State>('DELETE', '/load')
  assert.deepEqual({ running, few: sent < 100 }, { running: false, few: true })
  await rig.ask('POST', '/load', { chats: 2, rate: 10, seconds: 1 })
})

test('refuses what has no end, no size or nobody to write to', async t => {
  const rig = await Rig.start(t)
  await assert.rejects(rig.ask('POST', '/load', { chats: 1, rate: 1 }), /no account with a linked device/)
  await rig.linked(MAIN)
  for (const [body, fault] of [
    [{ chats: 6_000, rate: 1 }, /`chats` must be up to 5000/],
    [{ chats: 1, rate: 2_000 }, /`rate` must be up to 1000/],
    [{ chats: 1, rate: 1, seconds: 4_000 }, /`seconds` must be up to 3600/],
    [{ chats: 0, rate: 1 }, /needs `chats` or `groups`/],
    [{ chats: 1, rate: 1, accounts: [CONTACT] }, /has no linked device/],
  ] as const) {
    await assert.rejects(rig.ask('POST', '/load', body), fault)
  }
  assert.equal((await rig.ask<State>('POST', '/load', { chats: 1, rate: 1, seconds: 1 })).running, true)
})

async function twoAccounts(t: TestContext): Promise<{ rig: Rig; received: Received }> {
  const rig = await Rig.start(t)
  const received = new Received()
  for (const number of [MAIN, SECOND]) received.listenTo((await rig.linked(number)).sock)
  return { rig, received }
}

async function ledger(rig: Rig, query = ''): Promise<readonly Entry[]> {
  return (await rig.ask<{ data: Entry[] }>('GET', `/ledger?${query}`)).data
}

/** What two accounts have received: in which order it came, and what it said once decrypted. */
class Received {
  readonly texts = new Map<string, string>()
  /** By who wrote, and in which group: the ids in their order on the wire. An unmodified Baileys does not always keep it. */
  readonly chats = new Map<string, string[]>()

  listenTo(sock: WASocket): void {
    sock.ev.on('messages.upsert', ({ messages }) => {
      for (const { key, message } of messages) {
        if (message?.conversation) this.texts.set(String(key.id), message.conversation)
      }
    })
    sock.ws.on('CB:message', ({ attrs }: { attrs: Record<string, string> }) => {
      if (attrs.category === 'peer') return
      const sender = String(attrs.participant_pn ?? attrs.from).replace(/@.*/, '')
      append(this.chats, inChat(`+${sender}`, String(attrs.from)), String(attrs.id))
    })
  }
}

/** Whose words they are, and in which group. */
function inChat(from: string, chat: string): string {
  return chat.endsWith('@g.us') ? `${from} in ${chat}` : from
}

function chatsOf(written: readonly Entry[]): ReadonlyMap<string, readonly string[]> {
  const chats = new Map<string, string[]>()
  for (const { from, chat, id } of written) append(chats, inChat(from, chat), id)
  return chats
}

function append(lists: Map<string, string[]>, name: string, item: string): void {
  lists.set(name, [...(lists.get(name) ?? []), item])
}
