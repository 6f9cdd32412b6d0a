/** The body of `POST /v1/deliveries/replay`. */
export const REPLAY_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['endpoint'],
  properties: {
    endpoint: { type: 'string', minLength: 1, maxLength: 128 },
    status: { enum: ['dead', 'delivered'] },
    from: { type: 'string', format: 'date-time' },
    to: { type: 'string', format: 'date-time' },
  },
} as const

/** A body that `REPLAY_SCHEMA` let through. `from` and `to` include their instants, of the deliveries' creation. */
export type ReplayBody = {
  readonly endpoint: string
  /** `dead` when absent. */
  readonly status?: 'dead' | 'delivered'
  readonly from?: string
  readonly to?: string
}
