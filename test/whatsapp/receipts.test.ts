import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../app/model/message.ts'
import type { Reader } from '../../app/whatsapp/inbound/reading.ts'
import { readReceipt } from '../../app/whatsapp/inbound/receipt.ts'

const ANN = '+12025550102'
const ANN_PN = '12025550102@s.whatsapp.net'
const ANN_LID = '98765432101234@lid'
const BOB_PN = '12025550103@s.whatsapp.net'
const BOB_LID = '98765432105678@lid'
const GROUP = '120363000000000001@g.us'
const OTHER_GROUP = '120363000000000002@g.us'

/** What a receipt changes of a message of ours in `chat`; WhatsApp has told who `told` are. */
async function changes(chat: string, attrs: Record<string, string>, told: Record<string, string> = {}) {
  const message = {
    account: 'main',
    messageId: 'A',
    chat,
    direction: 'out',
    status: 'sent',
    createdAt: new Date(),
  } as Message
  const reader = {
    account: 'main',
    at: new Date(),
    route: (event: unknown) => ({ event, webhooks: [] }),
    lookup: async (lid: string) => told[lid] ?? null,
    named: async () => [message],
  } as unknown as Reader
  const read = await readReceipt({ tag: 'receipt', attrs: { id: 'A', type: 'read', ...attrs } }, reader)
  return read.changes.map(({ kind }) => kind)
}

const one = ['status']
const oneOfMany = ['participant', 'status']

for (const { name, chat, attrs, told, want } of [
  { name: 'its contact', chat: ANN, attrs: { from: ANN_PN }, want: one },
  { name: 'a device of its contact', chat: ANN, attrs: { from: '12025550102:7@s.whatsapp.net' }, want: one },
  { name: 'somebody else', chat: ANN, attrs: { from: BOB_PN }, want: [] },
  {
    name: 'the LID of its contact',
    chat: ANN,
    attrs: { from: ANN_LID },
    told: { [ANN_LID]: ANN_PN },
    want: one,
  },
  {
    name: 'a LID of somebody else',
    chat: ANN,
    attrs: { from: BOB_LID },
    told: { [BOB_LID]: BOB_PN },
    want: [],
  },
  { name: 'a LID that nobody knows', chat: ANN, attrs: { from: BOB_LID }, want: one },
  {
    name: 'its contact, once only a LID',
    chat: ANN_LID,
    attrs: { from: ANN_PN },
    told: { [ANN_LID]: ANN_PN },
    want: one,
  },
  { name: 'another LID', chat: ANN_LID, attrs: { from: BOB_LID }, want: [] },
  { name: 'a group', chat: ANN, attrs: { from: GROUP, participant: ANN_PN }, want: [] },
  {
    name: 'somebody of its group',
    chat: GROUP,
    attrs: { from: GROUP, participant: BOB_PN },
    want: oneOfMany,
  },
  {
    name: 'somebody of another group',
    chat: GROUP,
    attrs: { from: OTHER_GROUP, participant: BOB_PN },
    want: [],
  },
  { name: 'a contact about a group', chat: GROUP, attrs: { from: BOB_PN }, want: [] },
  { name: 'a reader of a status', chat: 'status@broadcast', attrs: { from: BOB_PN }, want: one },
]) {
  test(`a receipt of ${name} ${want.length > 0 ? 'counts' : 'does not count'}`, async () => {
    assert.deepEqual(await changes(chat, attrs, told), want)
  })
}
