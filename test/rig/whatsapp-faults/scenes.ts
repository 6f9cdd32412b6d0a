/** A fault of the simulator, and what it takes to come out of it. */
export type Scene = {
  readonly fault: Readonly<Record<string, unknown>>
  /** What a person has to do, because going on by itself would be wrong. */
  readonly person?: 'restart'
  /** Left to the long run: it takes its time by its nature. */
  readonly onlyLong?: true
}

/**
 * Every kind that an account can come out of while messages flow. `logged-out` ends what flows by its nature
 * (test/gateway/care.test.ts), `identity-change` and `media-404` are about phones and files (test/whatsapp).
 */
export const SCENES: readonly Scene[] = [
  { fault: { kind: 'drop-connection' } },
  { fault: { kind: 'drop-connection', bytes: 700, direction: 'down' } },
  { fault: { kind: 'drop-connection', bytes: 700, direction: 'up' } },
  { fault: { kind: 'stream-error', code: 500 } },
  { fault: { kind: 'stream-error', code: 515 } },
  { fault: { kind: 'service-unavailable', for_ms: 500 } },
  { fault: { kind: 'conflict' }, person: 'restart' },
  { fault: { kind: 'corrupt-frame' } },
  { fault: { kind: 'clock-skew' } },
  { fault: { kind: 'prekeys-low' } },
  { fault: { kind: 'prekeys-gone' } },
  { fault: { kind: 'slow', delay_ms: 500, count: 3 } },
  { fault: { kind: 'no-ack', count: 2 } },
  { fault: { kind: 'late-ack', count: 3 } },
  { fault: { kind: 'rate-overlimit', count: 2 } },
  { fault: { kind: 'query-overlimit', count: 1 } },
  { fault: { kind: 'duplicate', count: 3 } },
  { fault: { kind: 'reorder', count: 3 } },
  { fault: { kind: 'unreadable', count: 3 } },
  { fault: { kind: 'retry-receipt', count: 3 } },
  { fault: { kind: 'silent', for_ms: 60_000 }, onlyLong: true }, // a connection, and the log-in after it
  { fault: { kind: 'deaf' }, onlyLong: true },
]
