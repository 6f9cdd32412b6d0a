/**
 * The body of `POST /v1/accounts/{account}/messages`: WhatsApp Cloud API's message object with Postern's additions.
 * The same object is what ajv checks and what the OpenAPI description shows.
 */
export const MESSAGE_SCHEMA = {
  type: 'object',
  required: ['to', 'text'],
  additionalProperties: false,
  properties: {
    messaging_product: { const: 'whatsapp' },
    recipient_type: { enum: ['individual', 'group'] },
    to: {
      type: 'string',
      minLength: 1,
      maxLength: 64,
      description: 'an E.164 number, with or without +, or a JID',
    },
    type: { enum: ['text'], default: 'text' },
    text: {
      type: 'object',
      required: ['body'],
      additionalProperties: false,
      properties: {
        body: { type: 'string', minLength: 1, maxLength: 4096 },
        preview_url: { type: 'boolean' },
      },
    },
    context: {
      type: 'object',
      required: ['message_id'],
      additionalProperties: false,
      properties: { message_id: { type: 'string', minLength: 1, maxLength: 128 } },
    },
    biz_opaque_callback_data: { type: 'string', maxLength: 512 },
    purpose: { type: 'string', minLength: 1, maxLength: 64 },
    send_at: { type: 'string', format: 'date-time' },
    expires_at: { type: 'string', format: 'date-time' },
  },
} as const

/** A body that `MESSAGE_SCHEMA` let through. */
export type MessageBody = {
  readonly to: string
  readonly recipient_type?: 'individual' | 'group'
  readonly type?: 'text'
  readonly text: { readonly body: string; readonly preview_url?: boolean }
  readonly context?: { readonly message_id: string }
  readonly biz_opaque_callback_data?: string
  readonly purpose?: string
  readonly send_at?: string
  readonly expires_at?: string
}

/** What this version sends. */
export const SUPPORTED_TYPES: readonly string[] = ['text']

/** Message types that the contract names and a later version sends. */
export const LATER_TYPES: readonly string[] = [
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'reaction',
  'template',
  'poll',
  'edit',
  'revoke',
  'pin',
  'forward',
]

/** Members that the contract names and a later version reads: refused today, and not as unknown. */
export const LATER_MEMBERS: ReadonlySet<string> = new Set([...LATER_TYPES, 'mentions', 'view_once'])
