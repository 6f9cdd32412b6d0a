import { objectOf } from './object.ts'

/** A WhatsApp message id, whoever made it up. */
export const MESSAGE_ID = { type: 'string', minLength: 1, maxLength: 128, pattern: '^[!-~]+$' } as const

const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength }) as const

/** The word for a number, an address or a page: home, work, or one's own. */
const KIND = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,32}$' } as const

const MAX_CARDS = 100
const MAX_LINES = 20

const CARD = objectOf(
  {
    name: objectOf(
      {
        formatted_name: text(255),
        first_name: text(255),
        last_name: text(255),
        middle_name: text(255),
        prefix: text(64),
        suffix: text(64),
      },
      ['formatted_name'],
    ),
    phones: {
      type: 'array',
      maxItems: MAX_LINES,
      items: objectOf({ phone: text(64), type: KIND, wa_id: { type: 'string', pattern: '^[0-9]{5,20}$' } }, [
        'phone',
      ]),
    },
    emails: {
      type: 'array',
      maxItems: MAX_LINES,
      items: objectOf({ email: text(254), type: KIND }, ['email']),
    },
    urls: { type: 'array', maxItems: MAX_LINES, items: objectOf({ url: text(2048), type: KIND }, ['url']) },
    org: objectOf({ company: text(255), department: text(255), title: text(255) }, []),
    birthday: { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' },
    addresses: {
      type: 'array',
      maxItems: MAX_LINES,
      items: objectOf(
        {
          street: text(255),
          city: text(255),
          state: text(255),
          zip: text(32),
          country: text(255),
          country_code: { type: 'string', pattern: '^[A-Za-z]{2}$' },
          type: KIND,
        },
        [],
      ),
    },
    vcard: { ...text(16_384), description: 'the whole card, instead of one made from the other members' },
  },
  ['name'],
)

const LEAST_OPTIONS = 2
const MOST_OPTIONS = 12

/** The member that is named by `type`, for the types that carry no file. */
export const MEMBER_SCHEMAS = {
  location: objectOf(
    {
      latitude: { type: 'number', minimum: -90, maximum: 90 },
      longitude: { type: 'number', minimum: -180, maximum: 180 },
      name: text(1_000),
      address: text(1_000),
    },
    ['latitude', 'longitude'],
  ),
  contacts: { type: 'array', minItems: 1, maxItems: MAX_CARDS, items: CARD },
  reaction: objectOf(
    { message_id: MESSAGE_ID, emoji: { type: 'string', maxLength: 32, description: 'empty takes it back' } },
    ['message_id', 'emoji'],
  ),
  poll: objectOf(
    {
      name: text(255),
      options: {
        type: 'array',
        minItems: LEAST_OPTIONS,
        maxItems: MOST_OPTIONS,
        uniqueItems: true,
        items: text(100),
      },
      selectable_count: {
        type: 'integer',
        minimum: 0,
        maximum: MOST_OPTIONS,
        description: 'how many options one may choose; 0, or left out: as many as one likes',
      },
    },
    ['name', 'options'],
  ),
  edit: objectOf({ message_id: MESSAGE_ID, body: text(65_536) }, ['message_id', 'body']),
  revoke: objectOf({ message_id: MESSAGE_ID }, ['message_id']),
  pin: objectOf(
    {
      message_id: MESSAGE_ID,
      pinned: { type: 'boolean', description: 'false takes the pin out' },
      seconds: { enum: [86_400, 604_800, 2_592_000], description: 'a day, a week or thirty days' },
    },
    ['message_id'],
  ),
  forward: objectOf({ message_id: MESSAGE_ID }, ['message_id']),
} as const

type Named = { readonly message_id: string }

/** Members that their schemas let through. */
export type MemberOf = {
  readonly location: {
    readonly latitude: number
    readonly longitude: number
    readonly name?: string
    readonly address?: string
  }
  readonly reaction: Named & { readonly emoji: string }
  readonly poll: {
    readonly name: string
    readonly options: readonly string[]
    readonly selectable_count?: number
  }
  readonly edit: Named & { readonly body: string }
  readonly revoke: Named
  readonly pin: Named & { readonly pinned?: boolean; readonly seconds?: number }
  readonly forward: Named
}
