import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proto } from '@whiskeysockets/baileys'
import { contentOf } from '../../app/whatsapp/inbound/content.ts'

const { APP_STATE_FATAL_EXCEPTION_NOTIFICATION, EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type
const { PIN_FOR_ALL } = proto.Message.PinInChatMessage.Type
const lookup = async (lid: string) => (lid === '77@lid' ? '12025550177@s.whatsapp.net' : null)

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
        {
          name: { formatted_name: 'Ann' },
          phones: [{ phone: '+1 202', wa_id: '1202' }],
          vcard: 'BEGIN:VCARD\r\nTEL;type=CELL;waid=1202:+1 202\r\nEND:VCARD',
        },
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
    name: 'a place that somebody is passing',
    message: { liveLocationMessage: { degreesLatitude: 1.5, degreesLongitude: 2.5 } },
    want: { type: 'location', location: { latitude: 1.5, longitude: 2.5, live: true } },
  },
  {
    name: 'what stands around a text',
    message: {
      extendedTextMessage: {
        text: 'hi @1',
        contextInfo: {
          mentionedJid: ['77@lid', '88@lid', '12025550102@s.whatsapp.net'],
          forwardingScore: 3,
          isForwarded: true,
          expiration: 86_400,
        },
      },
    },
    want: {
      ...{ type: 'text', text: { body: 'hi @1' }, forwarding_score: 3, ephemeral_seconds: 86_400 },
      mentions: ['+12025550177', '88@lid', '+12025550102'],
    },
  },
  {
    name: 'a pin',
    message: {
      pinInChatMessage: { key: { id: 'XYZ' }, type: PIN_FOR_ALL },
      messageContextInfo: { messageAddOnDurationInSecs: 86_400 },
    },
    want: { type: 'pin', pin: { message_id: 'XYZ', pinned: true, seconds: 86_400 } },
  },
  {
    name: 'a timer for a chat',
    message: { protocolMessage: { type: EPHEMERAL_SETTING, ephemeralExpiration: 604_800 } },
    want: { type: 'ephemeral', ephemeral: { seconds: 604_800 } },
  },
  {
    name: 'a timer that is taken out',
    message: { protocolMessage: { type: EPHEMERAL_SETTING } },
    want: { type: 'ephemeral', ephemeral: { seconds: 0 } },
  },
  {
    name: 'a poll in a wrapper of its own',
    message: {
      pollCreationMessageV4: {
        message: { pollCreationMessage: { name: 'Tea?', options: [{ optionName: 'yes' }] } },
      },
    },
    want: { type: 'poll', poll: { name: 'Tea?', options: ['yes'], selectable_count: 0 } },
  },
  {
    name: 'a date',
    message: {
      eventMessage: {
        name: 'Tea',
        description: 'with cake',
        startTime: 1_790_000_000,
        location: { name: 'Café', degreesLatitude: 1, degreesLongitude: 2 },
      },
    },
    want: {
      type: 'event',
      event: {
        name: 'Tea',
        description: 'with cake',
        starts_at: '2026-09-21T14:13:20.000Z',
        location: { name: 'Café' },
        cancelled: false,
      },
    },
  },
  {
    name: 'a date that no calendar has',
    message: { eventMessage: { name: 'Never', startTime: Number.MAX_SAFE_INTEGER, isCanceled: true } },
    want: { type: 'event', event: { name: 'Never', cancelled: true } },
  },
  {
    name: 'an invitation to a group',
    message: { groupInviteMessage: { groupJid: '1@g.us', groupName: 'Tea', inviteCode: 'CODE' } },
    want: { type: 'group_invite', group_invite: { group: '1@g.us', name: 'Tea', code: 'CODE' } },
  },
  {
    name: 'an album',
    message: { albumMessage: { expectedImageCount: 2, expectedVideoCount: 1 } },
    want: { type: 'album', album: { images: 2, videos: 1 } },
  },
  {
    name: 'an order',
    message: {
      orderMessage: { orderId: '7', itemCount: 2, totalAmount1000: 12_500, totalCurrencyCode: 'EUR' },
    },
    want: { type: 'order', order: { order_id: '7', item_count: 2, total: 12.5, currency: 'EUR' } },
  },
  {
    name: 'something for sale',
    message: {
      productMessage: { product: { productId: '9', title: 'Tea', priceAmount1000: 3_000 }, body: 'fresh' },
    },
    want: { type: 'product', product: { product_id: '9', title: 'Tea', price: 3, description: 'fresh' } },
  },
  {
    name: 'buttons to press',
    message: {
      buttonsMessage: {
        contentText: 'Tea?',
        footerText: 'today',
        buttons: [{ buttonId: 'y', buttonText: { displayText: 'Yes' } }],
      },
    },
    want: {
      type: 'interactive',
      interactive: { type: 'offer', body: 'Tea?', footer: 'today', options: [{ id: 'y', title: 'Yes' }] },
    },
  },
  {
    name: 'a list to choose from',
    message: {
      listMessage: {
        title: 'Menu',
        sections: [{ rows: [{ rowId: '1', title: 'Soup', description: 'hot' }] }, {}],
      },
    },
    want: {
      type: 'interactive',
      interactive: {
        type: 'offer',
        header: 'Menu',
        options: [{ id: '1', title: 'Soup', description: 'hot' }],
      },
    },
  },
  {
    name: 'a template of a business',
    message: {
      templateMessage: {
        hydratedTemplate: {
          hydratedContentText: 'Due',
          hydratedButtons: [{ urlButton: { displayText: 'Pay', url: 'https://example.com' } }],
        },
      },
    },
    want: {
      type: 'interactive',
      interactive: { type: 'offer', body: 'Due', options: [{ id: 'https://example.com', title: 'Pay' }] },
    },
  },
  {
    name: 'things to press of the newest kind',
    message: {
      interactiveMessage: {
        body: { text: 'press' },
        nativeFlowMessage: {
          buttons: [
            { name: 'quick_reply', buttonParamsJson: '{"display_text":"Yes","id":"y"}' },
            { name: 'broken', buttonParamsJson: '{' },
          ],
        },
      },
    },
    want: {
      type: 'interactive',
      interactive: {
        ...{ type: 'offer', body: 'press' },
        options: [
          { id: 'y', title: 'Yes' },
          { id: 'broken', title: '' },
        ],
      },
    },
  },
  {
    name: 'what somebody has pressed',
    message: { buttonsResponseMessage: { selectedButtonId: 'y', selectedDisplayText: 'Yes' } },
    want: { type: 'interactive', interactive: { type: 'button_reply', reply: { id: 'y', title: 'Yes' } } },
  },
  {
    name: 'what somebody has chosen from a list',
    message: { listResponseMessage: { title: 'Soup', singleSelectReply: { selectedRowId: '1' } } },
    want: { type: 'interactive', interactive: { type: 'list_reply', reply: { id: '1', title: 'Soup' } } },
  },
  {
    name: 'what this version does not know, by its name',
    message: { requestPhoneNumberMessage: {} },
    want: { type: 'unsupported', unsupported: { kind: 'requestPhoneNumber' } },
  },
]
for (const { name, message, want } of contents) {
  test(`reads ${name}`, async () => assert.deepEqual(await contentOf(message, lookup), want))
}

const silent: { name: string; message: proto.IMessage | undefined }[] = [
  { name: 'a key for a group', message: { senderKeyDistributionMessage: { groupId: '1@g.us' } } },
  {
    name: 'chatter between devices',
    message: { protocolMessage: { type: APP_STATE_FATAL_EXCEPTION_NOTIFICATION } },
  },
  { name: 'a gesture', message: { reactionMessage: { text: '👍' } } },
  { name: 'nothing', message: undefined },
]
for (const { name, message } of silent) {
  test(`${name} is nothing said`, async () => assert.equal(await contentOf(message, lookup), undefined))
}

const cards = [
  {
    name: 'several numbers',
    vcard: 'TEL:1\r\nTEL;waid=2:+2\nitem1.tel;type=x: 3 \rFN:Ann',
    want: ['1', '+2', '3'],
  },
  { name: 'a number behind colons', vcard: 'TEL;TYPE=x:tel:+1', want: ['tel:+1'] },
  { name: 'numbers of nothing', vcard: 'TEL:\nTEL: \nTEL\nXTEL:1', want: undefined },
]
for (const { name, vcard, want } of cards) {
  test(`reads a card with ${name}`, async () => {
    const content = await contentOf({ contactMessage: { displayName: 'Ann', vcard } }, lookup)
    assert.deepEqual(
      content?.type === 'contacts' && content.contacts[0]?.phones?.map(({ phone }) => phone),
      want,
    )
  })
}

const MIB = 1024 * 1024
const endless = [
  { name: 'spaces', vcard: `TEL:a${' '.repeat(MIB)}x` },
  { name: 'spaces in many lines', vcard: `TEL:a${' '.repeat(1_000)}x\n`.repeat(MIB / 1_000) },
  { name: 'lines of another alphabet', vcard: '\u2028TEL'.repeat(MIB / 4) },
  { name: 'beginnings of lines', vcard: 'TEL\n'.repeat(MIB / 4) },
  { name: 'names of numbers', vcard: `TEL;${'waid='.repeat(MIB / 5)}:1` },
]
for (const { name, vcard } of endless) {
  test(`a card of endless ${name} takes no time`, async () => {
    const before = process.cpuUsage()
    await contentOf({ contactMessage: { vcard } }, lookup)
    assert.ok(process.cpuUsage(before).user < 1_000_000)
  })
}

test('somebody who names the whole world is told of as many as a group may have, and each is asked about once', async () => {
  let asked = 0
  const mentionedJid = Array.from({ length: 30_000 }, (_, n) => `${10_000 + (n >> 1)}@lid`)
  const content = await contentOf(
    { extendedTextMessage: { text: 'x', contextInfo: { mentionedJid } } },
    async () => {
      asked += 1
      return null
    },
  )
  assert.deepEqual([asked, content?.mentions?.length, content?.mentions?.[1]], [1_024, 1_024, '10001@lid'])
})
