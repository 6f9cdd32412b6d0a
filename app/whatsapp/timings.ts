/** Waits in milliseconds, which tests shorten. */
export type Timings = {
  /** For the server's ack of a message. */
  readonly ackMs: number
  /** Silence after which an open connection counts as lost; pings go out every 30 s. */
  readonly silenceMs: number
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
  silenceMs: 45_000,
  connectMs: 90_000,
  linkMs: 20_000,
  reconnectMs: 1_000,
}
