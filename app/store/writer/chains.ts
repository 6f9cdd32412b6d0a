import { PosternError } from '../../lib/error.ts'

/**
 * Writes that stand on each other: when one fails, what was computed from it must not be stored either, or a ratchet would
 * have moved past a message that nobody has. In memory only: a chain lives no longer than its connection.
 */
export class Chains {
  readonly #broken = new Set<string>()

  /** Begins a write of a chain; answers what breaks the chain, for a write that fails. Throws `store.chain_broken`. */
  link(chain: string): () => void {
    if (this.#broken.has(chain)) {
      throw new PosternError('store.chain_broken', 'an earlier write that this one stands on has failed')
    }
    return () => void this.#broken.add(chain)
  }
}
