import type { EventType } from '../../../app/model/event.ts'
import { CONTACT, OURS } from '../rig.ts'
import { CHATS, EVERYWHERE, type Ids, ONE_OF, type Place, POLL, VCARD } from './sent.ts'

type Row = {
  readonly name: string
  readonly type: string
  readonly member: (ids: Ids) => unknown
  readonly around?: (ids: Ids) => object
  /** The event that tells of it; `message.received` when absent. */
  readonly event?: EventType
  /** The message that the event is about, where that is another. */
  readonly about?: (ids: Ids) => string
  /** What the event says besides who, where and when. */
  readonly want: (ids: Ids) => Readonly<Record<string, unknown>>
  readonly places: readonly Place[]
  /** It makes sense for a message of the contact's alone. */
  readonly ofContact?: boolean
}

const plain = (name: string, type: string, member: unknown, more: Partial<Row> = {}): Row => ({
  ...{ name, type, member: () => member, places: CHATS, want: () => ({ type, [type]: member }) },
  ...more,
})
const CARD = {
  name: { formatted_name: 'Carol' },
  phones: [{ phone: '+1 202 555 0103', wa_id: '12025550103' }],
  vcard: VCARD,
}
const SHOWN = { ...CARD, name: { formatted_name: 'Carol' } }
const PLACE = { latitude: 52.5, longitude: -13.25, name: 'Here', address: 'Street 1' }

/** What people say and do of every type, and what is told of it. */
export const RECEIVED: readonly Row[] = [
  plain('a text', 'text', { body: 'Grüße, 你好 🙂\n“quoted”' }, { places: EVERYWHERE }),
  plain(
    'a mention',
    'text',
    { body: 'ask @1' },
    {
      around: () => ({ mentions: [CONTACT, OURS] }),
      want: () => ({ type: 'text', text: { body: 'ask @1' }, mentions: [CONTACT, OURS] }),
    },
  ),
  plain(
    'a text that will go',
    'text',
    { body: 'for a day' },
    {
      around: () => ({ ephemeral_seconds: 86_400 }),
      want: () => ({ type: 'text', text: { body: 'for a day' }, ephemeral_seconds: 86_400 }),
      places: ['group'],
    },
  ),
  plain(
    'a forwarded text',
    'text',
    { body: 'from elsewhere' },
    {
      around: () => ({ forwarded: true }),
      want: () => ({ type: 'text', text: { body: 'from elsewhere' }, forwarding_score: 1 }),
    },
  ),
  plain(
    'a reply',
    'text',
    { body: 'an answer' },
    {
      around: ({ own }) => ({ context: { message_id: own } }),
      want: ({ own }) => ({ type: 'text', text: { body: 'an answer' }, context: { message_id: own } }),
    },
  ),
  plain('a location', 'location', PLACE),
  plain('a location at no distance from anything', 'location', { latitude: 0, longitude: 0 }),
  plain(
    'a live location',
    'live_location',
    { latitude: 1.5, longitude: 2.5, speed: 1.5 },
    {
      want: () => ({ type: 'location', location: { latitude: 1.5, longitude: 2.5, live: true } }),
    },
  ),
  plain('two contacts', 'contacts', [CARD, CARD], {
    want: () => ({
      type: 'contacts',
      contacts: [SHOWN, SHOWN],
    }),
  }),
  plain('a poll', 'poll', POLL, { places: ['contact', 'group', 'channel'] }),
  plain('a poll with one answer', 'poll', ONE_OF, { places: ['contact', 'group', 'channel'] }),
  {
    ...{ name: 'a reaction', type: 'reaction', event: 'message.reaction', places: CHATS },
    member: ({ own }) => ({ message_id: own, emoji: '👍' }),
    want: ({ own }) => ({ type: 'reaction', reaction: { message_id: own, emoji: '👍' } }),
  },
  {
    ...{ name: 'a pin', type: 'pin', places: CHATS },
    member: ({ own }) => ({ message_id: own, seconds: 604_800 }),
    want: ({ own }) => ({ type: 'pin', pin: { message_id: own, pinned: true, seconds: 604_800 } }),
  },
  {
    ...{ name: 'the end of a pin', type: 'pin', places: CHATS },
    member: ({ own }) => ({ message_id: own, pinned: false }),
    want: ({ own }) => ({ type: 'pin', pin: { message_id: own, pinned: false } }),
  },
  {
    ...{ name: 'an edit', type: 'edit', event: 'message.edited', places: CHATS, ofContact: true },
    member: ({ theirs }) => ({ message_id: theirs, body: 'better' }),
    about: ({ theirs }) => theirs,
    want: () => ({ type: 'text', text: { body: 'better' } }),
  },
  {
    ...{ name: 'a revocation', type: 'revoke', event: 'message.revoked', places: CHATS, ofContact: true },
    member: ({ theirs }) => ({ message_id: theirs }),
    about: ({ theirs }) => theirs,
    want: ({ theirs }) => ({ type: 'revoke', revoke: { message_id: theirs } }),
  },
  plain('a timer for the chat', 'ephemeral', { seconds: 604_800 }, { places: ['contact'] }),
  plain('no timer any more', 'ephemeral', { seconds: 0 }, { places: ['contact'] }),
]
