/** Faults that hit a connection: at once, or when the account next logs in, or after some of its messages. */
export const CONNECTION_FAULTS = [
  'drop-connection',
  'stream-error',
  'conflict',
  'logged-out',
  'service-unavailable',
  'corrupt-frame',
  'prekeys-low',
] as const

/** Faults that hit single messages. */
export const MESSAGE_FAULTS = [
  'slow',
  'no-ack',
  'rate-overlimit',
  'duplicate',
  'reorder',
  'retry-receipt',
] as const

export const FAULT_KINDS = [...CONNECTION_FAULTS, ...MESSAGE_FAULTS] as const

export type ConnectionFault = (typeof CONNECTION_FAULTS)[number]
export type MessageFault = (typeof MESSAGE_FAULTS)[number]
export type FaultKind = (typeof FAULT_KINDS)[number]

/** A fault in wait. */
export type Fault = {
  readonly kind: FaultKind
  /** The account it is for, without `+`; every account when absent. */
  readonly account?: string
  /** This many messages of the account pass first. */
  readonly after: number
  /** It strikes this often. */
  readonly count: number
  /** The error code of `stream-error` and `rate-overlimit`. */
  readonly code?: number
  /** How long `slow` waits. */
  readonly delayMs?: number
}

type Waiting = { readonly fault: Fault; passes: number; strikes: number }

/** The faults that are still to strike. */
export class Faults {
  #waiting: Waiting[] = []

  add(fault: Fault): void {
    this.#waiting.push({ fault, passes: fault.after, strikes: fault.count })
  }

  list(): readonly Fault[] {
    return this.#waiting.map(({ fault, passes, strikes }) => ({ ...fault, after: passes, count: strikes }))
  }

  clear(): void {
    this.#waiting = []
  }

  /** Counts a message against the faults of one kind; the fault when it is this message's turn. */
  fires(kind: MessageFault, account: string): Fault | undefined {
    const waiting = this.#waiting.find(({ fault }) => fault.kind === kind && concerns(fault, account))
    if (waiting === undefined) return undefined
    if (waiting.passes > 0) {
      waiting.passes--
      return undefined
    }
    return this.#strike(waiting)
  }

  /** The fault that a connection of the account has to suffer now, if any. */
  connectionFault(account: string): Fault | undefined {
    const waiting = this.#waiting.find(
      ({ fault, passes }) => passes === 0 && isConnectionFault(fault.kind) && concerns(fault, account),
    )
    return waiting === undefined ? undefined : this.#strike(waiting)
  }

  /** Counts a message against the account's connection faults, which strike when enough have passed. */
  messagePassed(account: string): void {
    for (const waiting of this.#waiting) {
      const { fault, passes } = waiting
      if (passes > 0 && isConnectionFault(fault.kind) && concerns(fault, account)) waiting.passes--
    }
  }

  #strike(waiting: Waiting): Fault {
    waiting.strikes--
    if (waiting.strikes <= 0) this.#waiting = this.#waiting.filter(other => other !== waiting)
    return waiting.fault
  }
}

export function isConnectionFault(kind: FaultKind): kind is ConnectionFault {
  return (CONNECTION_FAULTS as readonly string[]).includes(kind)
}

function concerns(fault: Fault, account: string): boolean {
  return fault.account === undefined || fault.account === account
}
