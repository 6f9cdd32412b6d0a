import { objectOf } from '../../schemas/object.ts'

const TEXT = { type: 'string', minLength: 1 } as const
const WORDS = { type: 'string' } as const
const JID = { type: 'string', minLength: 1, maxLength: 64 } as const
const PEOPLE = { type: 'array', maxItems: 500, items: JID } as const
const FLAG = { type: 'boolean' } as const
/** What queries have for a number. */
const DIGITS = { type: 'string', pattern: '^\\d{1,15}$' } as const

const FILE = objectOf({
  ...{ url: TEXT, b64: TEXT, caption: TEXT, filename: TEXT, fileName: TEXT },
  ...{ seconds: { type: 'number' }, isPTT: FLAG },
})

/** Of routes that take nothing. */
export const NOTHING_SCHEMA = objectOf({})
export const GROUP_SCHEMA = objectOf({ jid: JID }, ['jid'])

/** The body of `wspout`: one message, by the member that is there. */
export const WSPOUT_SCHEMA = objectOf(
  {
    ...{ jid: TEXT, caption: TEXT, text: TEXT },
    ...{ image: FILE, video: FILE, document: FILE, audio: FILE },
    link: objectOf({ title: WORDS, text: WORDS, url: TEXT, thumbnail: WORDS, description: WORDS }, ['url']),
    contact: objectOf({ displayName: TEXT, vcard: TEXT }, ['displayName', 'vcard']),
    location: { type: 'object' },
  },
  ['jid'],
)
export const POLL_SCHEMA = objectOf(
  {
    ...{ chat: JID, name: TEXT, optionNames: { type: 'array', items: WORDS } },
    selectableOptionCount: { type: 'integer' },
  },
  ['chat', 'name', 'optionNames'],
)

export const NEW_GROUP_SCHEMA = objectOf(
  { name: TEXT, participants: PEOPLE, create_key: WORDS, is_parent: FLAG, linked_parent_jid: JID },
  ['name'],
)
export const GROUP_NAME_SCHEMA = objectOf({ jid: JID, name: TEXT }, ['jid', 'name'])
export const GROUP_TOPIC_SCHEMA = objectOf({ jid: JID, topic: WORDS, previous_id: WORDS, new_id: WORDS }, [
  'jid',
  'topic',
])
export const GROUP_PHOTO_SCHEMA = objectOf({ jid: JID, avatar: TEXT }, ['jid', 'avatar'])
export const INVITE_SCHEMA = objectOf({ jid: JID, reset: FLAG }, ['jid'])
export const PARTICIPANTS_SCHEMA = objectOf(
  { jid: JID, participant_jids: PEOPLE, action: { enum: ['add', 'remove', 'promote', 'demote'] } },
  ['jid', 'participant_jids', 'action'],
)

export const NEW_CHANNEL_SCHEMA = objectOf(
  { name: TEXT, description: WORDS, picture: objectOf({ b64: TEXT }, ['b64']) },
  ['name'],
)
/** Queries. */
export const CHANNEL_SCHEMA = objectOf({ channel: JID, jid: JID })
export const POSTS_SCHEMA = objectOf({ channelJID: JID, count: DIGITS, before: DIGITS }, ['channelJID'])
export const UPDATES_SCHEMA = objectOf(
  { channelJID: JID, count: DIGITS, since: { type: 'string', format: 'date-time' }, after: DIGITS },
  ['channelJID'],
)

export const CONTACT_SCHEMA = objectOf({ jid: JID }, ['jid'])
export const NEW_CONTACT_SCHEMA = objectOf({ jid: JID, name: TEXT }, ['jid', 'name'])
export const PHONE_SCHEMA = objectOf({ phone: JID }, ['phone'])
