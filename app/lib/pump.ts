/** Calls `act` once after a while, unless told not to: `setTimeout` in other words. */
export type After = (ms: number, act: () => void) => () => void

/** What a pump runs. `round` answers in how many milliseconds it wants to run again; undefined: only when woken. */
export type PumpDeps = {
  readonly round: () => Promise<number | undefined>
  /** Told what a round threw; the pump goes on after `RETRY_MS`. */
  readonly onError: (error: unknown) => void
  /** So long it rests after each round, so that many wakes in a row share one; not at all when absent. */
  readonly restMs?: number
  /** Node's timers when absent. */
  readonly after?: After
}

const RETRY_MS = 1_000
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Runs rounds of work one at a time: one for every wake (wakes during a round make exactly one more), and one when the
 * delay the last round asked for has passed. Nothing is polled.
 */
export class Pump {
  readonly #deps: PumpDeps
  #woken = false
  #stopped = false
  #running = false
  #run: Promise<void> = Promise.resolve()
  #cancel: () => void = () => {}
  #endRest: () => void = () => {}

  constructor(deps: PumpDeps) {
    this.#deps = deps
  }

  /** Asks for a round. Costs nothing while one is asked for already. */
  wake(): void {
    if (this.#stopped) return
    this.#woken = true
    if (this.#running) return
    this.#running = true
    this.#run = this.#drain()
  }

  /** No further round; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    this.#endRest()
    await this.#run
  }

  async #drain(): Promise<void> {
    while (this.#woken && !this.#stopped) {
      this.#woken = false
      this.#cancel()
      this.#wakeIn(await this.#round())
      await this.#rest()
    }
    // No await since the condition was read: a wake cannot fall between it and this line.
    this.#running = false
  }

  async #rest(): Promise<void> {
    const { restMs = 0 } = this.#deps
    if (restMs === 0 || this.#stopped) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = afterTimeout(restMs, resolve) // in real time also where `after` is a rig's clock: it is the processor that rests
    this.#endRest = resolve
    await promise
    cancel()
  }

  async #round(): Promise<number | undefined> {
    try {
      return await this.#deps.round()
    } catch (error) {
      this.#deps.onError(error)
      return RETRY_MS
    }
  }

  #wakeIn(delayMs: number | undefined): void {
    if (delayMs === undefined || this.#woken || this.#stopped) return
    const { after = afterTimeout } = this.#deps
    this.#cancel = after(Math.min(Math.max(delayMs, 0), MAX_TIMER_MS), () => this.wake())
  }
}

export function afterTimeout(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms)
  return () => clearTimeout(timer)
}
