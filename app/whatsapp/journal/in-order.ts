import { randomUUID } from 'node:crypto'

/** One write of a line. `chain` as in store/signal-keys.ts; without one it stands on no other. Undefined when it is given up. */
type Write<T> = (chain: string | undefined) => Promise<T>

type Line = { readonly chain: string; isBroken: boolean; last: Promise<boolean>; waiting: number }

export type InOrderDeps = {
  /** Repeats a write until it succeeds; undefined when it gives up, and throws what no repeating mends. */
  readonly insist: <T>(write: () => Promise<T>) => Promise<T | undefined>
  /** A write that stands on no failed one has failed. */
  readonly onError: (error: unknown) => void
}

/**
 * Writes of one line take effect in the order in which they were asked for, although each is asked for while those ahead
 * of it are under way. When one fails, the store refuses those behind it, which stand on the same chain; they are repeated
 * one after the other once it has succeeded, or has turned out never to.
 */
export class InOrder {
  readonly #deps: InOrderDeps
  readonly #lines = new Map<string, Line>()

  constructor(deps: InOrderDeps) {
    this.#deps = deps
  }

  /** Undefined when it, or one ahead of it, was given up. Rejects with what no repeating mends, and the line goes on. */
  async run<T>(name: string, write: Write<T>): Promise<T | undefined> {
    const line = this.#lines.get(name) ?? lineOf()
    this.#lines.set(name, line)
    line.waiting += 1
    const result = this.#write(line, line.last, write)
    line.last = result.then(
      found => found !== undefined,
      () => true,
    )
    try {
      return await result
    } finally {
      line.waiting -= 1
      if (line.waiting === 0) this.#lines.delete(name)
    }
  }

  async #write<T>(line: Line, ahead: Promise<boolean>, write: Write<T>): Promise<T | undefined> {
    if (!line.isBroken) {
      try {
        return await write(line.chain)
      } catch (error) {
        if (!line.isBroken) this.#deps.onError(error)
        line.isBroken = true
      }
    }
    return (await ahead) ? await this.#deps.insist(() => write(undefined)) : undefined
  }
}

function lineOf(): Line {
  return { chain: randomUUID(), isBroken: false, last: Promise.resolve(true), waiting: 0 }
}
