import { MESSAGE_STATUSES } from '../../model/message.ts'
import type { Count, Text } from './query.ts'

/** What lists are asked by: the parameters of each route with a list. */
const LIMIT = {
  ...{ type: 'integer', minimum: 1, maximum: 200, default: 50 },
  description: 'at most so many on a page',
  example: 10,
} as const satisfies Count

const NEXT = { type: 'string', description: 'the cursor that the page before gave out as "next"' } as const

const NUMBERED = {
  ...{ type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
  description: NEXT.description,
} as const satisfies Count

const text = (description: string, example?: string): Text => ({
  type: 'string',
  description,
  ...(example === undefined ? {} : { example }),
})

export const MESSAGE_LIST = {
  chat: text('a chat by its phone number, or by its WhatsApp id', '+12025550102'),
  direction: { enum: ['in', 'out'], example: 'out' },
  status: { enum: MESSAGE_STATUSES, example: 'queued' },
  before: NEXT,
  limit: LIMIT,
} as const

export const DELIVERY_LIST = {
  endpoint: text('the name of an endpoint', 'ledger'),
  status: { enum: ['pending', 'delivered', 'dead'], example: 'dead' },
  before: NEXT,
  limit: LIMIT,
} as const

export const AUDIT_LIST = {
  after: { ...NUMBERED, description: 'the number of an entry' },
  principal: text('the name of a principal', 'billing'),
  action: text('the word of an action', 'messages.send'),
  limit: LIMIT,
} as const

export const POLICY_HISTORY = { before: NUMBERED, limit: LIMIT } as const

/** On the control socket alone. */
export const DECISION_LIST = { since: text('an instant'), after: NEXT, limit: LIMIT } as const

const EVENT_FILTER = {
  after: text('the id of the event after which to go on; without it, the oldest that is kept'),
  types: text(
    'event types, with commas between them; "account.*" is all that begin so',
    'message.received,account.*',
  ),
  account: text('the name of an account', 'main'),
} as const

export const EVENT_STREAM = EVENT_FILTER

export const EVENT_PAGE = {
  ...EVENT_FILTER,
  wait: {
    type: 'integer',
    minimum: 0,
    maximum: 30,
    description: 'seconds to wait for a first event',
  },
  limit: LIMIT,
} as const

export const CONSENT_WITHDRAWAL = {
  purpose: text('the purpose to withdraw from; without it, all of them', 'news'),
} as const

/** All that is stored about a contact. */
export const EXPORT = { after: NEXT } as const

/** Lists that WhatsApp tells all at once, in the order of ids. */
export const BY_ID = { after: NEXT, limit: LIMIT } as const

export const LATEST_FIRST = { before: NEXT, limit: LIMIT } as const

export const CHANNEL_LIST = { invite: text('the link of a channel, or what it ends with'), ...BY_ID } as const

export const POST_LIST = { before: { ...NUMBERED, description: 'a server_id' }, limit: LIMIT } as const

export const CONTACT_DETAILS = { details: { enum: ['true', 'false'], example: 'true' } } as const
