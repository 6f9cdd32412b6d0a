const word = { type: 'string', minLength: 1, maxLength: 256 } as const
const instant = { type: 'string', format: 'date-time' } as const

/** The body of `POST /v1/policy/explain`: a request in the words that decisions are recorded with. */
export const EXPLAIN_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['principal'],
  properties: {
    ...{ principal: word, credential_serial: word, action: word, account: word, to: word, type: word },
    recipient_kind: { enum: ['contact', 'group', 'channel', 'status'] },
    ...{ template: word, purpose: word, mime: word, ip: word, network: word },
    size: { type: 'integer', minimum: 0 },
    first_contact: { type: 'boolean' },
    last_inbound_at: instant,
    consents: { type: 'array', items: word, maxItems: 50 },
    opted_out: { type: 'boolean' },
    at: instant,
  },
} as const

/** The same route, asked about a recorded decision. */
export const RECORDED_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['decision'],
  properties: { decision: { type: 'string', minLength: 1, maxLength: 64 } },
} as const

export type RecordedBody = { readonly decision: string }
