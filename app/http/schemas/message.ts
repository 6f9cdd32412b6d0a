import type { ContactCard } from '../../model/content/contact-card.ts'
import type { MediaType } from '../../model/message.ts'
import { FILE_SCHEMAS, type FileMember, VIEW_ONCE } from './message-files.ts'
import { MEMBER_SCHEMAS, MESSAGE_ID, type MemberOf } from './message-members.ts'

/** As many as a group can have members. */
const MAX_PEOPLE = 1_024

const PEOPLE = {
  type: 'array',
  minItems: 1,
  maxItems: MAX_PEOPLE,
  uniqueItems: true,
  items: { type: 'string', minLength: 1, maxLength: 64 },
} as const

const ENVELOPE = {
  messaging_product: { const: 'whatsapp' },
  recipient_type: { enum: ['individual', 'group', 'channel', 'status'] },
  to: {
    type: 'string',
    minLength: 1,
    maxLength: 64,
    description: 'an E.164 number, with or without +, or a JID; "status" for a status',
  },
  context: {
    type: 'object',
    required: ['message_id'],
    additionalProperties: false,
    properties: { message_id: MESSAGE_ID },
  },
  mentions: { ...PEOPLE, description: 'numbers or JIDs of those whom the message names' },
  audience: { ...PEOPLE, description: 'of a status: who is shown it' },
  biz_opaque_callback_data: { type: 'string', maxLength: 512 },
  purpose: { type: 'string', minLength: 1, maxLength: 64 },
  send_at: { type: 'string', format: 'date-time' },
  expires_at: { type: 'string', format: 'date-time' },
} as const

const ofType = <const Type extends keyof typeof MEMBER_SCHEMAS>(type: Type) =>
  ({
    type: 'object',
    required: ['to', 'type', type],
    additionalProperties: false,
    properties: { ...ENVELOPE, type: { enum: [type] }, [type]: MEMBER_SCHEMAS[type] },
  }) as const

const ofFile = <const Type extends MediaType, const More extends object>(type: Type, more: More) =>
  ({
    type: 'object',
    required: ['to', 'type', type],
    additionalProperties: false,
    properties: { ...ENVELOPE, type: { enum: [type] }, [type]: FILE_SCHEMAS[type], ...more },
  }) as const

/**
 * The body of `POST /v1/accounts/{account}/messages` by its type: WhatsApp Cloud API's message object with Postern's
 * additions. The same objects are what ajv checks and what the OpenAPI description shows.
 */
export const MESSAGE_SCHEMAS = {
  text: {
    type: 'object',
    required: ['to', 'text'],
    additionalProperties: false,
    properties: {
      ...ENVELOPE,
      type: { enum: ['text'], default: 'text' },
      text: {
        type: 'object',
        required: ['body'],
        additionalProperties: false,
        properties: {
          body: { type: 'string', minLength: 1, maxLength: 65_536 },
          preview_url: { type: 'boolean' },
        },
      },
    },
  },
  template: {
    type: 'object',
    required: ['to', 'type', 'template'],
    additionalProperties: false,
    properties: {
      ...ENVELOPE,
      type: { enum: ['template'] },
      template: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: {
          name: { type: 'string', minLength: 1, maxLength: 63, description: 'of a template in the policies' },
          parameters: {
            type: 'object',
            description: 'each parameter that the template declares, and no other',
            additionalProperties: true,
          },
        },
      },
    },
  },
  image: ofFile('image', VIEW_ONCE),
  video: ofFile('video', VIEW_ONCE),
  audio: ofFile('audio', VIEW_ONCE),
  document: ofFile('document', {}),
  sticker: ofFile('sticker', {}),
  location: ofType('location'),
  contacts: ofType('contacts'),
  reaction: ofType('reaction'),
  poll: ofType('poll'),
  edit: ofType('edit'),
  revoke: ofType('revoke'),
  pin: ofType('pin'),
  forward: ofType('forward'),
} as const

/** What can be published in a channel; the path says which. */
export const POST_SCHEMAS = [
  MESSAGE_SCHEMAS.text,
  MESSAGE_SCHEMAS.template,
  MESSAGE_SCHEMAS.poll,
  MESSAGE_SCHEMAS.forward,
].map(
  ({
    properties: { to: _, context: __, mentions: ___, audience: ____, ...properties },
    required,
    ...schema
  }) => ({
    ...schema,
    required: required.filter(name => name !== 'to'),
    properties,
  }),
)

type Envelope = {
  readonly to: string
  readonly recipient_type?: 'individual' | 'group' | 'channel' | 'status'
  readonly mentions?: readonly string[]
  readonly audience?: readonly string[]
  readonly context?: { readonly message_id: string }
  readonly biz_opaque_callback_data?: string
  readonly purpose?: string
  readonly send_at?: string
  readonly expires_at?: string
}

/** Bodies that their schemas let through. */
export type TextBody = Envelope & {
  readonly type?: 'text'
  readonly text: { readonly body: string; readonly preview_url?: boolean }
}
export type TemplateBody = Envelope & {
  readonly type: 'template'
  readonly template: { readonly name: string; readonly parameters?: Readonly<Record<string, unknown>> }
}
export type ContactsBody = Envelope & {
  readonly type: 'contacts'
  readonly contacts: readonly ContactCard[]
}
export type MemberBody = {
  [Type in keyof MemberOf]: Envelope & { readonly type: Type } & { readonly [Member in Type]: MemberOf[Type] }
}[keyof MemberOf]
export type FileBody = {
  [Type in MediaType]: Envelope & { readonly type: Type; readonly view_once?: boolean } & {
    readonly [Member in Type]: FileMember
  }
}[MediaType]
export type MessageBody = TextBody | TemplateBody | ContactsBody | FileBody | MemberBody

export type MessageType = keyof typeof MESSAGE_SCHEMAS

/** What this version sends. */
export const SUPPORTED_TYPES: readonly string[] = Object.keys(MESSAGE_SCHEMAS)
