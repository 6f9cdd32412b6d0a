/** Waits in milliseconds, which tests shorten. */
export type Timings = {
  /** For the server's ack of a message. */
  readonly ackMs: number
  /** For a message that could not be read to come again from its sender. */
  readonly unreadMs: number
  /** How often an open connection is looked at. */
  readonly lookMs: number
  /** Silence after which an open connection is asked whether it is still there. */
  readonly quietMs: number
  /** For the answer to that; without one the connection counts as lost. */
  readonly answerMs: number
  /** For the phone's answer to a self-check; it may have to be woken first. */
  readonly checkMs: number
  /** For a connection of a linked device to become open. */
  readonly connectMs: number
  /** For the first QR or code. */
  readonly linkMs: number
  /** Life of each QR, instead of WhatsApp's own pace. */
  readonly qrMs?: number
  /** The first wait before a new connection; it doubles up to the policy's `maxBackoff`. */
  readonly reconnectMs: number
}

export const TIMINGS: Timings = {
  ackMs: 20_000,
  unreadMs: 10 * 60_000,
  lookMs: 5_000,
  quietMs: 15_000,
  answerMs: 10_000,
  checkMs: 30_000,
  connectMs: 60_000,
  linkMs: 20_000,
  reconnectMs: 1_000,
}
