import { MEMBER_SCHEMAS } from '../../schemas/message-members.ts'
import { CHAT, COUNT, FLAG, INSTANT, listOf, oneOfWords, partial, type Schema, shape, TEXT } from './shape.ts'

const NAMED = { message_id: TEXT }

const FILE = partial({
  id: { type: 'string', description: 'what it is fetched by: …/media/{id}' },
  ...{ mime_type: TEXT, sha256: TEXT, size: COUNT, caption: TEXT, filename: TEXT, voice: FLAG },
  ...{ width: COUNT, height: COUNT, animated: FLAG },
})

const CHOICE = shape({ id: TEXT, title: TEXT, description: TEXT }, ['id', 'description'])

/** The member that a message's `type` names: what can be sent, what can only be received, and what stands for what is gone. */
const MEMBERS = {
  text: shape({ body: TEXT, preview_url: FLAG }, ['preview_url']),
  template: shape({ name: TEXT, language: TEXT, body: TEXT }),
  ...{ image: FILE, video: FILE, audio: FILE, document: FILE, sticker: FILE },
  location: shape(
    { latitude: { type: 'number' }, longitude: { type: 'number' }, name: TEXT, address: TEXT, live: FLAG },
    ['name', 'address', 'live'],
  ),
  contacts: MEMBER_SCHEMAS.contacts,
  poll: shape({ name: TEXT, options: listOf(TEXT), selectable_count: COUNT }),
  reaction: shape({ ...NAMED, emoji: TEXT }),
  edit: shape({ ...NAMED, body: TEXT }),
  revoke: shape(NAMED),
  pin: shape({ ...NAMED, pinned: FLAG, seconds: COUNT }, ['seconds']),
  forward: shape({ ...NAMED, message: { type: 'object', description: 'what it says' } }),
  ephemeral: shape({ seconds: COUNT }),
  group_invite: shape({ group: CHAT, name: TEXT, code: TEXT, caption: TEXT, expires_at: INSTANT }, [
    'caption',
    'expires_at',
  ]),
  event: shape(
    {
      ...{ name: TEXT, description: TEXT, starts_at: INSTANT, ends_at: INSTANT, link: TEXT, cancelled: FLAG },
      location: partial({ name: TEXT, address: TEXT }),
    },
    ['description', 'starts_at', 'ends_at', 'link', 'location'],
  ),
  interactive: shape(
    {
      type: oneOfWords(['offer', 'button_reply', 'list_reply', 'flow_reply']),
      ...{ header: TEXT, body: TEXT, footer: TEXT, options: listOf(CHOICE), reply: CHOICE },
    },
    ['header', 'body', 'footer', 'options', 'reply'],
  ),
  order: shape(
    {
      ...{ order_id: TEXT, title: TEXT, text: TEXT, item_count: COUNT, total: { type: 'number' } },
      currency: TEXT,
    },
    ['title', 'text', 'total', 'currency'],
  ),
  product: shape(
    {
      ...{ product_id: TEXT, title: TEXT, description: TEXT, price: { type: 'number' }, currency: TEXT },
      ...{ url: TEXT, business: TEXT },
    },
    ['title', 'description', 'price', 'currency', 'url', 'business'],
  ),
  album: shape({ images: COUNT, videos: COUNT }),
  unsupported: shape({ kind: TEXT }),
  removed: shape({ type: TEXT }),
} as const satisfies Record<string, Schema>

/** What a message says: `type`, the member of that name, and what stands around it. All but `type` may be missing. */
export const CONTENT = {
  type: oneOfWords(Object.keys(MEMBERS)),
  ...MEMBERS,
  context: shape(NAMED),
  mentions: listOf(CHAT),
  forwarding_score: COUNT,
  ephemeral_seconds: COUNT,
  view_once: FLAG,
} as const

export const CONTENT_OPTIONAL = Object.keys(CONTENT).filter(name => name !== 'type')
