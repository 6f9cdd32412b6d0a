import { EPHEMERAL_SECONDS, TYPING, type Typing } from '../../model/chat-settings.ts'
import { PICTURE } from './group.ts'

const MAX_NUMBERS = 50
const MAX_READ = 100
const INSTANT = { type: 'string', format: 'date-time' } as const

/** The body of `POST …/contacts/check`. */
export type CheckBody = { readonly phones: readonly string[] }
export const CHECK_SCHEMA = {
  type: 'object',
  required: ['phones'],
  additionalProperties: false,
  properties: {
    phones: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_NUMBERS,
      items: { type: 'string', minLength: 1, maxLength: 32 },
    },
  },
} as const

/** The body of `PUT …/contacts/{phone}/block`. */
export type BlockBody = { readonly blocked: boolean }
export const BLOCK_SCHEMA = {
  type: 'object',
  required: ['blocked'],
  additionalProperties: false,
  properties: { blocked: { type: 'boolean' } },
} as const

/** The body of `POST …/chats/{chat}/read`; without ids the latest messages that came in. */
export type ReadBody = { readonly message_ids?: readonly string[] }
export const READ_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    message_ids: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_READ,
      items: { type: 'string', minLength: 1, maxLength: 128 },
    },
  },
} as const

/** The body of `PUT …/chats/{chat}/presence`. */
export type TypingBody = { readonly state: Typing }
export const TYPING_SCHEMA = {
  type: 'object',
  required: ['state'],
  additionalProperties: false,
  properties: { state: { enum: TYPING } },
} as const

/** The body of `PATCH …/chats/{chat}`. */
export type ChatChangeBody = {
  readonly archived?: boolean
  readonly pinned?: boolean
  readonly read?: boolean
  readonly muted_until?: string | null
  readonly ephemeral_seconds?: number
}
export const CHAT_CHANGE_SCHEMA = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: {
    archived: { type: 'boolean' },
    pinned: { type: 'boolean' },
    read: { type: 'boolean', description: 'marks the chat for the account’s own devices; sends no receipts' },
    muted_until: { ...INSTANT, type: ['string', 'null'], description: 'null: not muted' },
    ephemeral_seconds: { enum: EPHEMERAL_SECONDS },
  },
} as const

/** The body of `PUT …/profile`. */
export type ProfileBody = {
  readonly name?: string
  readonly about?: string
  readonly picture?: string | null
  readonly presence?: 'available' | 'unavailable'
}
export const PROFILE_SCHEMA = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 25 },
    about: { type: 'string', maxLength: 139 },
    picture: PICTURE,
    presence: {
      enum: ['available', 'unavailable'],
      description: 'whether the account is seen as being there',
    },
  },
} as const

/** The body of `POST …/channels`. */
export type NewChannelBody = { readonly name: string; readonly description?: string }
const CHANNEL_MEMBERS = {
  name: { type: 'string', minLength: 1, maxLength: 100 },
  description: { type: 'string', maxLength: 2048 },
} as const
export const NEW_CHANNEL_SCHEMA = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: CHANNEL_MEMBERS,
} as const

/** The body of `PATCH …/channels/{channel}`. */
export type ChannelChangeBody = Partial<NewChannelBody> & { readonly muted?: boolean }
export const CHANNEL_CHANGE_SCHEMA = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: { ...CHANNEL_MEMBERS, muted: { type: 'boolean' } },
} as const
