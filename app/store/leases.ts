/** The deliveries that somebody works on, and the lanes they occupy. In memory only: a restart forgets them. */
export class Leases {
  readonly #lanes = new Map<string, string | undefined>()
  readonly #occupied = new Set<string>()

  get size(): number {
    return this.#lanes.size
  }

  get all(): ReadonlySet<string> {
    return new Set(this.#lanes.keys())
  }

  /** `lane` is undefined for an unordered delivery, which occupies nothing but itself. */
  isFree(delivery: string, lane: string | undefined): boolean {
    return !this.#lanes.has(delivery) && (lane === undefined || !this.#occupied.has(lane))
  }

  take(delivery: string, lane: string | undefined): void {
    this.#lanes.set(delivery, lane)
    if (lane !== undefined) this.#occupied.add(lane)
  }

  release(delivery: string): void {
    const lane = this.#lanes.get(delivery)
    this.#lanes.delete(delivery)
    if (lane !== undefined) this.#occupied.delete(lane)
  }
}
