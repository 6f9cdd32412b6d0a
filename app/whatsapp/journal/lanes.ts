/** Works that name the same thing follow each other; those that do not, do not wait. */
export class Lanes {
  readonly #last = new Map<string, Promise<unknown>>()

  async run<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const ahead = names.map(name => this.#last.get(name))
    const done = Promise.allSettled(ahead).then(work)
    const settled = done.catch(() => undefined)
    for (const name of names) this.#last.set(name, settled)
    try {
      return await done
    } finally {
      for (const name of names) if (this.#last.get(name) === settled) this.#last.delete(name)
    }
  }
}
