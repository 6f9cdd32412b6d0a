/** What frames leave by: the library's socket. */
export type Wire = { send(frame: Uint8Array, done?: (error?: Error) => void): void; close(): void }

type Waiting = { readonly frame: Uint8Array; readonly after: number }

export type GateEvents = {
  /** The store has failed: nothing leaves any more. */
  broken(error: unknown): void
}

/**
 * Keeps frames from leaving before the writes begun ahead of them are committed, so that nothing is acknowledged which is
 * not durable. Frames are encrypted in the order in which they leave, so one that has to wait holds all behind it. When the
 * store fails the gate shuts for good: what was not stored comes again with the next connection.
 */
export class Gate {
  readonly #events: GateEvents
  readonly #pending = new Set<number>()
  #waiting: Waiting[] = []
  #begunCount = 0
  #send: ((frame: Uint8Array, done: (error?: Error) => void) => void) | undefined
  #onLeft: (() => void)[] = []
  #onEmpty: (() => void)[] = []
  #failure: Error | undefined

  constructor(events: GateEvents) {
    this.#events = events
  }

  /** Puts itself in front of a socket. */
  guard(wire: Wire): void {
    this.#send = wire.send.bind(wire)
    const close = wire.close.bind(wire)
    wire.send = (frame, done) => this.#ask(frame, done)
    // A farewell that waits must not be overtaken by the end of the connection.
    wire.close = () => (this.#waiting.length === 0 ? close() : this.#onEmpty.push(close))
  }

  /** Holds what wants to leave from now on until `write` is done. `left` is told of the first frame that leaves after it. */
  hold(write: Promise<unknown>, left?: () => void): void {
    const mark = ++this.#begunCount
    this.#pending.add(mark)
    write.then(
      () => {
        this.#pending.delete(mark)
        if (left !== undefined) this.#onLeft.push(left)
        this.#drain()
      },
      error => this.fail(error),
    )
  }

  /** Nothing leaves any more: whoever asks the store in vain would answer the server as if there were nothing in it. */
  fail(cause: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = new Error('what this frame would acknowledge is not stored', { cause })
    this.#waiting = []
    this.#events.broken(cause)
  }

  /** True once the store has failed: all that comes will come again. */
  get isShut(): boolean {
    return this.#failure !== undefined
  }

  #ask(frame: Uint8Array, done: ((error?: Error) => void) | undefined): void {
    if (this.#failure !== undefined) done?.(this.#failure)
    else if (this.#pending.size === 0 && this.#waiting.length === 0) this.#leave(frame, done)
    else {
      this.#waiting.push({ frame, after: this.#begunCount })
      if (done !== undefined) queueMicrotask(done) // the library reads no more while it waits, and writes would not be shared
    }
  }

  #drain(): void {
    const [oldest = Number.POSITIVE_INFINITY] = this.#pending
    while (this.#waiting[0] !== undefined && this.#waiting[0].after < oldest) {
      const [{ frame }] = this.#waiting.splice(0, 1) as [Waiting]
      this.#leave(frame, undefined)
    }
    if (this.#waiting.length === 0) for (const close of this.#onEmpty.splice(0)) close()
  }

  #leave(frame: Uint8Array, done: ((error?: Error) => void) | undefined): void {
    this.#send?.(frame, error => done?.(error))
    for (const left of this.#onLeft.splice(0)) left()
  }
}
