import type { OutgoingContent } from '../../../app/model/message.ts'
import { CONTACT, text } from '../rig.ts'

const CARD = {
  name: { formatted_name: 'Carol; of "Tea, Ltd"', first_name: 'Carol' },
  phones: [{ phone: '+1 202 555 0103', wa_id: '12025550103', type: 'WORK' }],
  emails: [{ email: 'carol@example.com' }],
  org: { company: 'Tea, Ltd', title: 'Boss' },
  birthday: '1990-02-28',
}
export const VCARD = [
  'BEGIN:VCARD',
  'VERSION:3.0',
  'N:;Carol;;;',
  'FN:Carol\\; of "Tea\\, Ltd"',
  'ORG:Tea\\, Ltd;',
  'TITLE:Boss',
  'TEL;type=WORK;waid=12025550103:+1 202 555 0103',
  'EMAIL:carol@example.com',
  'BDAY:1990-02-28',
  'END:VCARD',
].join('\n')
const SHOWN = { name: { formatted_name: CARD.name.formatted_name }, phones: CARD.phones, vcard: VCARD }
export const POLL = { name: 'Lunch?', options: ['soup', 'salad', 'both'], selectable_count: 2 }
export const ONE_OF = { ...POLL, selectable_count: 1 }

/** Ids of messages that the rows are about: one of ours, one of the contact's, in the chat of the moment. */
export type Ids = { readonly own: string; readonly theirs: string }
export type Place = 'contact' | 'group' | 'channel' | 'status'
type Row = {
  readonly name: string
  readonly content: (ids: Ids) => OutgoingContent
  /** The members of the inbox entry besides those that all have. */
  readonly want: (ids: Ids) => Readonly<Record<string, unknown>>
  readonly places: readonly Place[]
}

export const CHATS = ['contact', 'group'] as const
export const EVERYWHERE = ['contact', 'group', 'channel', 'status'] as const

const plain = (
  name: string,
  content: OutgoingContent,
  places: Row['places'] = CHATS,
  want: object = content,
): Row => {
  return { name, content: () => content, want: () => ({ ...want }), places }
}

/** What is sent of every type, and what its recipients must decrypt. */
export const SENT: readonly Row[] = [
  plain(
    'a text',
    { type: 'text', text: { body: 'Grüße, 你好 🙂\n“quoted” https://example.com/never-fetched' } },
    EVERYWHERE,
  ),
  plain(
    'a template',
    { type: 'template', template: { name: 'greeting', language: 'en', body: 'Hello Ann' } },
    EVERYWHERE,
    { type: 'text', text: { body: 'Hello Ann' } },
  ),
  plain('a mention', { type: 'text', text: { body: 'ask @12025550102' }, mentions: [CONTACT] }),
  plain('a location', {
    type: 'location',
    location: { latitude: 52.5, longitude: -13.25, name: 'Here', address: 'Street 1' },
  }),
  plain('a location at the edge', { type: 'location', location: { latitude: -90, longitude: 180 } }),
  plain('one contact', { type: 'contacts', contacts: [CARD] }, CHATS, {
    type: 'contacts',
    contacts: [SHOWN],
  }),
  plain('two contacts', { type: 'contacts', contacts: [CARD, { ...CARD, vcard: VCARD }] }, CHATS, {
    type: 'contacts',
    contacts: [SHOWN, SHOWN],
  }),
  plain('a poll', { type: 'poll', poll: POLL }, ['contact', 'group', 'channel']),
  plain('a poll with one answer', { type: 'poll', poll: ONE_OF }, ['contact', 'group', 'channel']),
  {
    name: 'a reply',
    content: ({ theirs }) => ({ ...text('an answer'), context: { message_id: theirs } }),
    want: ({ theirs }) => ({
      type: 'text',
      text: { body: 'an answer' },
      context: { message_id: theirs, from: CONTACT },
    }),
    places: CHATS,
  },
  ...['🎉', '❤', ''].map(
    (emoji): Row => ({
      name: `a reaction ${emoji || 'taken back'}`,
      content: ({ theirs }) => ({ type: 'reaction', reaction: { message_id: theirs, emoji } }),
      want: ({ theirs }) => ({ type: 'reaction', reaction: { message_id: theirs, emoji } }),
      places: CHATS,
    }),
  ),
  {
    name: 'a reaction at a message of ours',
    content: ({ own }) => ({ type: 'reaction', reaction: { message_id: own, emoji: '👍' } }),
    want: ({ own }) => ({ type: 'reaction', reaction: { message_id: own, emoji: '👍' } }),
    places: CHATS,
  },
  {
    name: 'an edit',
    content: ({ own }) => ({ type: 'edit', edit: { message_id: own, body: 'other words' } }),
    want: ({ own }) => ({ type: 'edit', edit: { message_id: own, body: 'other words' } }),
    places: CHATS,
  },
  {
    name: 'a pin',
    content: ({ theirs }) => ({ type: 'pin', pin: { message_id: theirs, pinned: true, seconds: 86_400 } }),
    want: ({ theirs }) => ({ type: 'pin', pin: { message_id: theirs, pinned: true, seconds: 86_400 } }),
    places: CHATS,
  },
  {
    name: 'the end of a pin',
    content: ({ theirs }) => ({ type: 'pin', pin: { message_id: theirs, pinned: false } }),
    want: ({ theirs }) => ({ type: 'pin', pin: { message_id: theirs, pinned: false } }),
    places: CHATS,
  },
  {
    name: 'a forward of what was received',
    content: ({ theirs }) => ({
      type: 'forward',
      forward: { message_id: theirs, message: { ...text('from Bob'), forwarding_score: 1 } as never },
    }),
    want: () => ({ type: 'text', text: { body: 'from Bob' }, forwarded: true }),
    places: EVERYWHERE,
  },
  {
    name: 'a revocation',
    content: ({ own }) => ({ type: 'revoke', revoke: { message_id: own } }),
    want: ({ own }) => ({ type: 'revoke', revoke: { message_id: own } }),
    places: ['contact', 'group', 'status'],
  },
]
