/** The body of `PUT /v1/contacts/{phone}/consent`. */
export type ConsentBody = {
  readonly purpose: string
  readonly granted_at?: string
  readonly evidence?: string
}

export const CONSENT_SCHEMA = {
  type: 'object',
  required: ['purpose'],
  additionalProperties: false,
  properties: {
    purpose: { type: 'string', minLength: 1, maxLength: 64 },
    granted_at: { type: 'string', format: 'date-time', description: 'when the contact said so' },
    evidence: {
      type: 'string',
      minLength: 1,
      maxLength: 2000,
      description: 'how that can be shown: the id of a form, a call, a ticket',
    },
  },
} as const
