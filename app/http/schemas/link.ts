/** The body of `POST /v1/accounts/{account}/link`. */
export const LINK_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    method: { enum: ['qr', 'code'], default: 'qr' },
    phone: { type: 'string', minLength: 1, maxLength: 32 },
  },
} as const

/** A body that `LINK_SCHEMA` let through. `phone` is the number to enter the code on, for `method: "code"`. */
export type LinkBody = { readonly method?: 'qr' | 'code'; readonly phone?: string }

/** The body of a request that says everything by its path. */
export const EMPTY_SCHEMA = { type: 'object', additionalProperties: false, properties: {} } as const
