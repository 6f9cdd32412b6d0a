import { MESSAGE_SCHEMAS } from '../../schemas/message.ts'
import { MEMBER_SCHEMAS, MESSAGE_ID } from '../../schemas/message-members.ts'
import { objectOf } from '../../schemas/object.ts'
import { INTERACTIVE_SCHEMA } from './interactive.ts'

const WORDS = { type: 'string' } as const
const PRODUCT = { messaging_product: { const: 'whatsapp' } } as const

const FALLBACK = {
  type: 'object',
  required: ['fallback_value'],
  properties: { fallback_value: WORDS },
} as const

const PARAMETER = objectOf(
  {
    type: { enum: ['text', 'currency', 'date_time'] },
    text: WORDS,
    parameter_name: { type: 'string', minLength: 1, maxLength: 63 },
    currency: FALLBACK,
    date_time: FALLBACK,
  },
  ['type'],
)

/** A template here is one text, so that there is a body to fill and neither header nor buttons. */
const COMPONENT = objectOf(
  { type: { enum: ['body', 'BODY'] }, parameters: { type: 'array', maxItems: 100, items: PARAMETER } },
  ['type'],
)

export const TEMPLATE_SCHEMA = objectOf(
  {
    name: { type: 'string', minLength: 1, maxLength: 63 },
    language: objectOf({ code: WORDS, policy: { enum: ['deterministic'] } }, ['code']),
    components: { type: 'array', maxItems: 1, items: COMPONENT },
  },
  ['name'],
)

/** That a message has been read. */
export const READ_SCHEMA = objectOf(
  {
    ...PRODUCT,
    status: { enum: ['read'] },
    message_id: MESSAGE_ID,
    typing_indicator: objectOf({ type: { enum: ['text'] } }, ['type']),
  },
  ['status', 'message_id'],
)

/** Of the members of a business profile a plain account has one that can be set. */
export const PROFILE_SCHEMA = objectOf({ ...PRODUCT, about: { type: 'string', maxLength: 139 } }, ['about'])

/** Coordinates that are text are read as numbers. */
export const COORDINATE = { type: 'string', pattern: '^-?\\d{1,3}(\\.\\d{1,20})?$' } as const

const { text, template, location } = MESSAGE_SCHEMAS
const { type: _, text: __, ...envelope } = text.properties
const place = MEMBER_SCHEMAS.location
const { latitude, longitude } = place.properties
const looserPlace = {
  ...place,
  properties: {
    ...place.properties,
    latitude: { anyOf: [latitude, COORDINATE] },
    longitude: { anyOf: [longitude, COORDINATE] },
  },
}

/** Messages as they are taken here: those of `/v1`, but for what Cloud API writes otherwise. */
export const GRAPH_MESSAGE_SCHEMAS = {
  ...MESSAGE_SCHEMAS,
  template: { ...template, properties: { ...template.properties, template: TEMPLATE_SCHEMA } },
  location: { ...location, properties: { ...location.properties, location: looserPlace } },
  interactive: objectOf({ ...envelope, type: { enum: ['interactive'] }, interactive: INTERACTIVE_SCHEMA }, [
    'to',
    'type',
    'interactive',
  ]),
} as const
