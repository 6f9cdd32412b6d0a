/** Lets works of one name go one after another, and works of different names side by side. */
export type Turns = { take<T>(name: string, work: () => Promise<T>): Promise<T> }

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  return {
    async take(name, work) {
      const turn = (last.get(name) ?? Promise.resolve()).then(work, work)
      last.set(name, turn)
      try {
        return await turn
      } finally {
        if (last.get(name) === turn) last.delete(name)
      }
    },
  }
}
