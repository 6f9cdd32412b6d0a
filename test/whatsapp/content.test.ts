import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proto } from '@whiskeysockets/baileys'
import { contentOf } from '../../app/whatsapp/inbound/content.ts'

const contents: { name: string; message: proto.IMessage; want: unknown }[] = [
  { name: 'a plain text', message: { conversation: 'hi' }, want: { type: 'text', text: { body: 'hi' } } },
  {
    name: 'a text that answers another',
    message: { extendedTextMessage: { text: 'yes', contextInfo: { stanzaId: 'XYZ' } } },
    want: { type: 'text', text: { body: 'yes' }, context: { message_id: 'XYZ' } },
  },
  {
    name: 'a disappearing text',
    message: { ephemeralMessage: { message: { conversation: 'soon gone' } } },
    want: { type: 'text', text: { body: 'soon gone' } },
  },
  {
    name: 'a picture, as far as the message describes it',
    message: {
      imageMessage: {
        caption: 'look',
        mimetype: 'image/jpeg',
        fileSha256: Buffer.from('ab', 'hex'),
        fileLength: 12,
      },
    },
    want: { type: 'image', image: { mime_type: 'image/jpeg', sha256: 'ab', size: 12, caption: 'look' } },
  },
  {
    name: 'a voice note',
    message: { audioMessage: { ptt: true, mimetype: 'audio/ogg' } },
    want: { type: 'audio', audio: { mime_type: 'audio/ogg', voice: true } },
  },
  {
    name: 'a place',
    message: { locationMessage: { degreesLatitude: 0, degreesLongitude: -3.7, name: 'Null' } },
    want: { type: 'location', location: { latitude: 0, longitude: -3.7, name: 'Null' } },
  },
  {
    name: 'business cards',
    message: {
      contactsArrayMessage: {
        contacts: [
          { displayName: 'Ann', vcard: 'BEGIN:VCARD\r\nTEL;type=CELL;waid=1202:+1 202\r\nEND:VCARD' },
          { displayName: 'Bob' },
        ],
      },
    },
    want: {
      type: 'contacts',
      contacts: [
        { name: { formatted_name: 'Ann' }, phones: [{ phone: '+1 202', wa_id: '1202' }] },
        { name: { formatted_name: 'Bob' } },
      ],
    },
  },
  {
    name: 'a poll',
    message: {
      pollCreationMessageV3: {
        name: 'Tea?',
        options: [{ optionName: 'yes' }, { optionName: 'no' }],
        selectableOptionsCount: 1,
      },
    },
    want: { type: 'poll', poll: { name: 'Tea?', options: ['yes', 'no'], selectable_count: 1 } },
  },
  {
    name: 'what this version does not know, by its name',
    message: { interactiveMessage: { body: { text: 'press' } } },
    want: { type: 'unsupported', unsupported: { kind: 'interactive' } },
  },
]
for (const { name, message, want } of contents) {
  test(`reads ${name}`, () => assert.deepEqual(contentOf(message), want))
}

const { EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type
const silent: { name: string; message: proto.IMessage | undefined }[] = [
  { name: 'a key for a group', message: { senderKeyDistributionMessage: { groupId: '1@g.us' } } },
  { name: 'chatter between devices', message: { protocolMessage: { type: EPHEMERAL_SETTING } } },
  { name: 'a gesture', message: { reactionMessage: { text: '👍' } } },
  { name: 'nothing', message: undefined },
]
for (const { name, message } of silent) {
  test(`${name} is nothing said`, () => assert.equal(contentOf(message), undefined))
}
