import { backoffMs } from '../../lib/backoff.ts'
import type { AccountPolicy } from '../../policy/snapshot.ts'
import type { Timings } from '../timings.ts'

export type RedialDeps = {
  readonly policy: () => AccountPolicy | undefined
  readonly timings: Pick<Timings, 'reconnectMs'>
  readonly now: () => Date
  /** Gives [0, 1). */
  readonly random: () => number
}

/** A connection that was open for so long has held. */
const HELD_MS = 10_000

/**
 * When the next connection is made: after waits that double, within the time that the policy gives the whole attempt. The
 * waits are forgotten once a connection has held: one that always ends at once must not hurry, and one that works for a
 * while in between, as over a bad network, must not be away for minutes.
 */
export class Redial {
  readonly #deps: RedialDeps
  #attempt = 0
  #downSince: number | undefined
  #openedAt: number | undefined
  #timer: NodeJS.Timeout | undefined
  #plan: object | undefined

  constructor(deps: RedialDeps) {
    this.#deps = deps
  }

  /** The connection is open. */
  opened(): void {
    this.#downSince = undefined
    this.#openedAt = this.#deps.now().getTime()
  }

  /** The next wait is the first one. */
  forget(): void {
    this.#attempt = 0
  }

  /** Somebody asks for a connection: nothing of earlier attempts counts. */
  begin(): void {
    this.#attempt = 0
    this.#downSince = undefined
    this.#openedAt = undefined
  }

  /** Plans `dial`, at once for a planned new connection that is the first; false when the time for it is up. */
  plan(planned: boolean, dial: (isCurrent: () => boolean) => void): boolean {
    const { policy, timings, now, random } = this.#deps
    const reconnect = policy()?.reconnect
    if (this.#openedAt !== undefined && now().getTime() - this.#openedAt >= HELD_MS) this.forget()
    this.#openedAt = undefined
    this.#downSince ??= now().getTime()
    if (reconnect !== undefined && now().getTime() - this.#downSince > reconnect.giveUpAfterMs) return false
    const limits = { baseMs: timings.reconnectMs, maxMs: reconnect?.maxBackoffMs ?? timings.reconnectMs }
    const waitMs = planned && this.#attempt === 0 ? 0 : backoffMs(this.#attempt, limits, random)
    this.#attempt += 1
    const plan = {}
    this.#plan = plan
    this.#timer = setTimeout(() => dial(() => this.#plan === plan), waitMs)
    return true
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#plan = undefined
  }
}
