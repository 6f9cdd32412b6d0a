import type { After } from '../../../app/lib/pump.ts'

const START_MS = Date.parse('2026-11-23T10:00:00Z')

/** Time that passes only when nothing is left to do. Carries one pump. */
export class VirtualClock {
  #nowMs = START_MS
  #armed = Promise.withResolvers<void>()
  #alarm: { readonly atMs: number; readonly act: () => void } | undefined

  now = (): Date => new Date(this.#nowMs)

  after: After = (ms, act) => {
    const alarm = { atMs: this.#nowMs + ms, act }
    this.#alarm = alarm
    this.#armed.resolve()
    return () => {
      if (this.#alarm === alarm) this.#alarm = undefined
    }
  }

  get elapsedMs(): number {
    return this.#nowMs - START_MS
  }

  /** Lets the time come at which the pump wanted to look again, or `untilMs` from the start if that is earlier. */
  async pass(untilMs: number, busy: () => boolean): Promise<void> {
    // A pump sets its alarm anew whenever something has ended, so there is always a next one to wait for.
    while (busy() || this.#alarm === undefined) {
      this.#armed = Promise.withResolvers<void>()
      await this.#armed.promise
    }
    const { atMs, act } = this.#alarm
    const limitMs = START_MS + untilMs
    if (atMs > limitMs) {
      this.#nowMs = Math.max(this.#nowMs, limitMs)
      return
    }
    this.#alarm = undefined
    this.#nowMs = Math.max(this.#nowMs, atMs)
    act()
  }
}
