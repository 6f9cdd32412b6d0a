import type { TestContext } from 'node:test'

const pending = new WeakMap<TestContext, (() => unknown)[]>()

/** Tidies up after a test, the last thing made first: `t.after` alone would close a store under its workers. */
export function afterwards(t: TestContext, tidy: () => unknown): void {
  const known = pending.get(t)
  if (known !== undefined) {
    known.push(tidy)
    return
  }
  const list = [tidy]
  pending.set(t, list)
  t.after(async () => {
    for (const act of list.reverse()) await act()
  })
}
