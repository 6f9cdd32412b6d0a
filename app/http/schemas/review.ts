const reason = { type: 'string', minLength: 1, maxLength: 500 } as const

/** The body of `…/approve`, which may be left out. */
export const APPROVE_SCHEMA = { type: 'object', additionalProperties: false, properties: { reason } } as const
export type ApproveBody = { readonly reason?: string }

/** The body of `…/reject`: whoever sent the message is told why. */
export const REJECT_SCHEMA = { ...APPROVE_SCHEMA, required: ['reason'] } as const
export type RejectBody = { readonly reason: string }
