/** The deliveries that somebody works on, and the lanes they occupy. In memory only: a restart forgets them. */
export class Leases {
  readonly #lanes = new Map<string, string | undefined>()
  readonly #occupied = new Set<string>()

  get size(): number {
    return this.#lanes.size
  }

  /** `lane` is undefined for an unordered delivery, which occupies nothing but itself. */
  isFree(delivery: string, lane: string | undefined): boolean {
    return !this.#lanes.has(delivery) && (lane === undefined || !this.#occupied.has(lane))
  }

  take(delivery: string, lane: string | undefined): void {
    this.#lanes.set(delivery, lane)
    if (lane !== undefined) this.#occupied.add(lane)
  }

  /** Answers the way to take it back, for a settlement that fails. */
  release(delivery: string): () => void {
    if (!this.#lanes.has(delivery)) return () => {}
    const lane = this.#lanes.get(delivery)
    this.#lanes.delete(delivery)
    if (lane !== undefined) this.#occupied.delete(lane)
    return () => this.take(delivery, lane)
  }
}
