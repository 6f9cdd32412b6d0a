import type { Timings } from '../timings.ts'

/** What a watch can ask of an open connection. Neither answers here: what comes back is heard as it comes. */
export type Watched = {
  /** A query that WhatsApp's server answers at once. */
  ping(): Promise<void>
  /** Asks the account's own phone, through WhatsApp, for something that it answers. */
  selfCheck(): Promise<void>
}

/**
 * What is wrong with a connection. `silent`: not even a ping is answered. `deaf`: WhatsApp answers, and delivers nothing;
 * `again` when a new connection was made for that reason before and nothing has been delivered since.
 */
export type Complaint = { readonly kind: 'silent' } | { readonly kind: 'deaf'; readonly again: boolean }

export type WatchDeps = {
  readonly now: () => Date
  readonly timings: Timings
  /** After how long without a delivery receiving has to be proven; undefined: never. */
  readonly selfCheckEveryMs: () => number | undefined
}

const HOUR_MS = 60 * 60_000

/**
 * Tells whether an open connection is one. "Connected" has hidden two failures: nothing is heard at all, which a ping
 * finds, and everything is answered but nothing delivered, which only something that has to be delivered finds. Any
 * message, receipt or notification is such a thing, so that only a quiet account needs self-checks.
 *
 * A new log-in is the cure for deafness. An account whose phone is off stays unproven after it; then checks and cures go
 * on, ever more rarely.
 */
export class Watch {
  readonly #deps: WatchDeps
  #socket: Watched | undefined
  #heardAt = 0
  #pingedAt: number | undefined
  #checkedAt: number | undefined
  /** When receiving was last proven, or last could not be. */
  #settledAt = 0
  /** No check has been made on this connection yet, and it is there because of the last one. */
  #isCure = false
  #unansweredCount = 0
  #lookedAt: number | undefined

  constructor(deps: WatchDeps) {
    this.#deps = deps
  }

  /** False from the moment in which an answer is overdue until something is delivered. */
  get receives(): boolean {
    const { answerMs, checkMs } = this.#deps.timings
    if (this.#late(this.#pingedAt, answerMs)) return false
    if (this.#deps.selfCheckEveryMs() === undefined) return true
    return this.#unansweredCount === 0 && !this.#late(this.#checkedAt, checkMs)
  }

  opened(socket: Watched): void {
    this.#socket = socket
    this.#heardAt = this.#now()
    this.#settledAt = this.#now()
    this.#pingedAt = undefined
    this.#checkedAt = undefined
    this.#isCure = this.#unansweredCount > 0
  }

  closed(): void {
    this.#socket = undefined
  }

  /** Anything came from the server. */
  heard(): void {
    this.#heardAt = this.#now()
    this.#pingedAt = undefined
  }

  /** Something came that was meant for this account, and no mere answer. */
  delivered(): void {
    this.#unansweredCount = 0
    this.#isCure = false
    this.#checkedAt = undefined
    this.#settledAt = this.#now()
  }

  /** Asks what is due to be asked; answers what is wrong, once. */
  look(): Complaint | undefined {
    const { answerMs, quietMs, checkMs } = this.#deps.timings
    this.#forgiveStall()
    if (this.#socket === undefined) return undefined
    if (this.#late(this.#pingedAt, answerMs)) return { kind: 'silent' }
    if (this.#late(this.#checkedAt, checkMs)) return this.#unanswered()
    if (this.#pingedAt === undefined && this.#late(this.#heardAt, quietMs)) this.#ping(this.#socket)
    if (this.#checkedAt === undefined && this.#isCheckDue()) this.#check(this.#socket)
    return undefined
  }

  /** While this process stood still, or its machine slept, nothing could be heard: that time is nobody's fault. */
  #forgiveStall(): void {
    const { lookMs } = this.#deps.timings
    const lostMs = this.#now() - (this.#lookedAt ?? this.#now()) - lookMs
    this.#lookedAt = this.#now()
    if (lostMs < lookMs) return
    if (this.#pingedAt !== undefined) this.#pingedAt += lostMs
    if (this.#checkedAt !== undefined) this.#checkedAt += lostMs
  }

  #ping(socket: Watched): void {
    this.#pingedAt = this.#now()
    socket.ping().catch(() => undefined) // its deadline runs all the same
  }

  #check(socket: Watched): void {
    this.#checkedAt = this.#now()
    socket.selfCheck().catch(() => undefined) // its deadline runs all the same
  }

  #isCheckDue(): boolean {
    const everyMs = this.#deps.selfCheckEveryMs()
    if (everyMs === undefined) return false
    const waitMs = Math.min(everyMs * 2 ** this.#unansweredCount, Math.max(everyMs, HOUR_MS))
    return this.#isCure || this.#now() - this.#settledAt >= waitMs
  }

  /** Right after a log-in it is the phone that does not answer, or nothing that another log-in would cure. */
  #unanswered(): Complaint | undefined {
    const wasCure = this.#isCure
    this.#isCure = false
    this.#unansweredCount += 1
    this.#checkedAt = undefined
    this.#settledAt = this.#now()
    return wasCure ? undefined : { kind: 'deaf', again: this.#unansweredCount > 1 }
  }

  #late(since: number | undefined, ms: number): boolean {
    return since !== undefined && this.#now() - since > ms
  }

  #now(): number {
    return this.#deps.now().getTime()
  }
}
