import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BinaryNode, proto } from '@whiskeysockets/baileys'
import { speaks } from '../../app/whatsapp/inbound/read.ts'
import { BOB, journaled, ME, padded, stanzaOf } from './journaled.ts'

const { PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE } = proto.Message.ProtocolMessage.Type
const UNAVAILABLE: BinaryNode = { tag: 'unavailable', attrs: { type: 'view_once' } }
const ENC: BinaryNode = { tag: 'enc', attrs: { type: 'msg' }, content: Uint8Array.of(1) }

function withheld(id: string, content: BinaryNode[] = [UNAVAILABLE], attrs = {}): BinaryNode {
  return { ...stanzaOf(id, attrs), content }
}

/** What the own phone answers when it is asked for a message. */
function resent(id: string): proto.IMessage {
  const key = { remoteJid: BOB, id, fromMe: false }
  const info = { key, message: { conversation: 'here it is' }, messageTimestamp: 1_772_359_200 }
  const webMessageInfoBytes = proto.WebMessageInfo.encode(info).finish()
  const peerDataOperationResult = [{ placeholderMessageResendResponse: { webMessageInfoBytes } }]
  return {
    protocolMessage: {
      type: PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: { peerDataOperationResult },
    },
  }
}

const stanzas = [
  { name: 'a message that is kept from this device', node: withheld('A'), want: true },
  { name: 'one whose ciphertext came along', node: withheld('A', [UNAVAILABLE, ENC]), want: false },
  { name: 'a message with a ciphertext alone', node: withheld('A', [ENC]), want: false },
  { name: 'a message of nothing', node: withheld('A', []), want: false },
  { name: 'talk between devices', node: withheld('A', [UNAVAILABLE], { category: 'peer' }), want: false },
  { name: 'an edit', node: withheld('A', [UNAVAILABLE], { edit: '1' }), want: false },
  { name: 'a reaction', node: withheld('A', [UNAVAILABLE], { type: 'reaction' }), want: false },
]
for (const { name, node, want } of stanzas) {
  test(`${name} ${want ? 'says' : 'says nothing'} without being read`, () => assert.equal(speaks(node), want))
}

test('a message that is kept from this device is told as such, and again when the phone has sent it', async t => {
  const rig = await journaled(t)
  await rig.came(withheld('A'))
  await rig.came(withheld('B'))
  await rig.came(
    stanzaOf('ANSWER', { from: ME.id, recipient: '12025550100@s.whatsapp.net' }),
    padded(resent('A')),
  )
  await rig.settled()
  assert.deepEqual(
    (await rig.news()).map(({ type, data }) => [type, data.message_id, data.unsupported ?? data.text]),
    [
      ['message.received', 'A', { kind: 'undecryptable' }],
      ['message.received', 'B', { kind: 'undecryptable' }],
      ['message.received', 'A', { body: 'here it is' }],
    ],
  )
  assert.deepEqual(await rig.store.journal.unfinished('main'), [])
})
