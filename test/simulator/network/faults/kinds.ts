import type { SpoiltMac } from './wrong-mac.ts'

/** Faults that hit a connection: at once, or when the account next logs in, or after some of its messages. */
export const CONNECTION_FAULTS = [
  'drop-connection',
  'stream-error',
  'conflict',
  'logged-out',
  'service-unavailable',
  'corrupt-frame',
  'deaf',
  'silent',
  'clock-skew',
  'prekeys-low',
  'prekeys-gone',
] as const

/** Faults that hit single messages, or single queries. */
export const MESSAGE_FAULTS = [
  'slow',
  'no-ack',
  'late-ack',
  'rate-overlimit',
  'query-overlimit',
  'duplicate',
  'reorder',
  'unreadable',
  'withheld',
  'retry-receipt',
  'identity-change',
  'media-404',
  'wrong-mac',
] as const

export const FAULT_KINDS = [...CONNECTION_FAULTS, ...MESSAGE_FAULTS] as const

/** What `random` chooses from unless told otherwise: all that an account recovers from without a person's help. */
export const RECOVERABLE_FAULTS: readonly FaultKind[] = [
  'drop-connection',
  'stream-error',
  'service-unavailable',
  'prekeys-low',
  'no-ack',
  'late-ack',
  'duplicate',
  'reorder',
  'unreadable',
  'retry-receipt',
]

export type ConnectionFault = (typeof CONNECTION_FAULTS)[number]
export type MessageFault = (typeof MESSAGE_FAULTS)[number]
export type FaultKind = (typeof FAULT_KINDS)[number]

/** Which way bytes go: `down` to the client, `up` from it. */
export const DIRECTIONS = ['down', 'up'] as const
export type Direction = (typeof DIRECTIONS)[number]

/** A fault in wait. */
export type Fault = {
  readonly kind: FaultKind
  /** The account it is for, without `+`; every account when absent. For `identity-change` the phone. */
  readonly account?: string
  /** This many messages of the account pass first. */
  readonly after: number
  /** It strikes this often; as often as it can when there is a `forMs` instead. */
  readonly count?: number
  /** It strikes for so long. */
  readonly forMs?: number
  /** It strikes one message in so many, as the dice of its seed fall. */
  readonly oneIn?: number
  readonly seed?: number
  /** The error code of `stream-error`, `rate-overlimit` and `query-overlimit`. */
  readonly code?: number
  /** How long `slow` and `late-ack` wait. */
  readonly delayMs?: number
  /** How far ahead the clock of `clock-skew` is; behind when negative. */
  readonly skewMs?: number
  /** `drop-connection` lets so many bytes through first, which may be the half of a frame. */
  readonly bytes?: number
  readonly direction?: Direction
  /** What `wrong-mac` spoils. */
  readonly mac?: SpoiltMac
}

export function isConnectionFault(kind: FaultKind): kind is ConnectionFault {
  return (CONNECTION_FAULTS as readonly string[]).includes(kind)
}

const ENDING: readonly FaultKind[] = ['stream-error', 'conflict', 'logged-out', 'service-unavailable']

/** Whether a connection is over once the fault has struck it. */
export function endsConnection({ kind, bytes }: Fault): boolean {
  return ENDING.includes(kind) || (kind === 'drop-connection' && bytes === undefined)
}
