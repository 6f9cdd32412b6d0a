import { createHash } from 'node:crypto'
import { endsConnection, type Fault, isConnectionFault, type MessageFault } from './kinds.ts'

export type FaultsDeps = {
  /** What the dice of a fault without a seed of its own follow from. */
  readonly seed: number
  now(): Date
}

type Waiting = {
  readonly fault: Fault
  readonly dice: string
  /** When a fault with `forMs` is over. */
  readonly until: number | undefined
  /** How often the dice have been thrown for which account, so that accounts do not disturb each other's luck. */
  readonly throws: Map<string, number>
  passes: number
  strikes: number
}

/** The faults that are still to strike. */
export class Faults {
  readonly #deps: FaultsDeps
  #waiting: Waiting[] = []
  #added = 0

  constructor(deps: FaultsDeps) {
    this.#deps = deps
  }

  add(fault: Fault): void {
    const { after, count, forMs, seed } = fault
    const until = forMs === undefined ? undefined : this.#deps.now().getTime() + forMs
    const dice = seed === undefined ? `${this.#deps.seed}|${this.#added++}` : String(seed)
    const strikes = count ?? (until === undefined && fault.oneIn === undefined ? 1 : Number.POSITIVE_INFINITY)
    this.#waiting.push({ fault, dice, until, throws: new Map(), passes: after, strikes })
  }

  list(): readonly Fault[] {
    return this.#alive().map(({ fault, passes, strikes }) => ({
      ...fault,
      after: passes,
      ...(Number.isFinite(strikes) ? { count: strikes } : {}),
    }))
  }

  clear(): void {
    this.#waiting = []
    this.#added = 0
  }

  /** Counts a message against the faults of one kind; the fault when it is this message's turn. */
  fires(kind: MessageFault, account: string): Fault | undefined {
    const waiting = this.#alive().find(({ fault }) => fault.kind === kind && concerns(fault, account))
    if (waiting === undefined) return undefined
    if (waiting.passes > 0) {
      waiting.passes--
      return undefined
    }
    return falls(waiting, account) ? this.#strike(waiting) : undefined
  }

  /** The faults that a connection of the account has to suffer now: no more after one that ends it. */
  connectionFaults(account: string): readonly Fault[] {
    return this.#due(account, ({ fault, passes }) => passes === 0 && fault.oneIn === undefined)
  }

  /** Counts a message against the account's connection faults; gives those whose turn it is. */
  messagePassed(account: string): readonly Fault[] {
    return this.#due(account, waiting => {
      if (waiting.passes > 0) {
        waiting.passes--
        return waiting.passes === 0 && waiting.fault.oneIn === undefined
      }
      return falls(waiting, account)
    })
  }

  #due(account: string, isDue: (waiting: Waiting) => boolean): readonly Fault[] {
    const due: Fault[] = []
    for (const waiting of this.#alive()) {
      const { fault } = waiting
      if (!isConnectionFault(fault.kind) || !concerns(fault, account) || !isDue(waiting)) continue
      due.push(this.#strike(waiting))
      if (endsConnection(fault)) break
    }
    return due
  }

  #strike(waiting: Waiting): Fault {
    waiting.strikes--
    return waiting.fault
  }

  #alive(): readonly Waiting[] {
    if (this.#waiting.length === 0) return this.#waiting
    const now = this.#deps.now().getTime()
    this.#waiting = this.#waiting.filter(({ strikes, until }) => strikes > 0 && (until ?? now) >= now)
    return this.#waiting
  }
}

function concerns(fault: Fault, account: string): boolean {
  return fault.account === undefined || fault.account === account
}

const CERTAIN = 1

/** Throws the fault's dice for the account; what falls depends on the seed, the account and the throw alone. */
function falls({ fault, dice, throws }: Waiting, account: string): boolean {
  const { kind, oneIn = CERTAIN } = fault
  if (oneIn <= CERTAIN) return true
  const thrown = (throws.get(account) ?? 0) + 1
  throws.set(account, thrown)
  const digest = createHash('sha256').update(`${dice}|${kind}|${account}|${thrown}`).digest()
  return digest.readUInt32BE() < 2 ** 32 / oneIn
}
