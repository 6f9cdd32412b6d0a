import type { Entry, Ledger } from './ledger.ts'

/** What became of the promises of one ledger in another. */
export type Comparison = {
  readonly name: string
  /** Promises made. */
  readonly count: number
  readonly lost: readonly Entry[]
  /** Seen, and promised by nobody. */
  readonly unpromised: readonly Entry[]
  /** Times that something was seen again under the same id: what at-least-once allows. */
  readonly repeats: number
  /** Seen under an id that is not the promised one. */
  readonly otherId: readonly Entry[]
  /** Seen for the first time after something of its chat that was promised later. */
  readonly disordered: readonly Entry[]
}

/** Compares as sets, by ids, and by order within each chat. */
export function compare(promised: Ledger, seen: Ledger): Comparison {
  const promises = new Map(promised.entries.map((entry, at) => [entry.key, { ...entry, at }]))
  if (promises.size !== promised.entries.length) throw new Error(`${promised.name} has a promise twice`)
  const found = new Set<string>()
  const lastOfChat = new Map<string, number>()
  const unpromised: Entry[] = []
  const otherId: Entry[] = []
  const disordered: Entry[] = []
  let repeats = 0
  for (const entry of seen.entries) {
    const promise = promises.get(entry.key)
    if (promise === undefined) {
      unpromised.push(entry)
      continue
    }
    if (promise.id !== entry.id) otherId.push(entry)
    else if (found.has(entry.key)) repeats += 1
    if (found.has(entry.key)) continue
    found.add(entry.key)
    if (promise.chat === undefined) continue
    if (promise.at < (lastOfChat.get(promise.chat) ?? -1)) disordered.push(entry)
    else lastOfChat.set(promise.chat, promise.at)
  }
  return {
    name: `${promised.name} → ${seen.name}`,
    count: promises.size,
    lost: [...promises.values()].filter(({ key }) => !found.has(key)),
    unpromised,
    repeats,
    otherId,
    disordered,
  }
}

/** Every way in which a comparison falls short, in words; empty when nothing was lost, doubled under another id or swapped. */
export function faultsOf(comparison: Comparison, { repeatsAllowed }: { repeatsAllowed: boolean }): string[] {
  const { name, lost, unpromised, otherId, disordered, repeats, count } = comparison
  const faults: string[] = []
  if (lost.length > 0) faults.push(`${name}: ${lost.length} of ${count} lost: ${some(lost)}`)
  if (unpromised.length > 0) faults.push(`${name}: ${unpromised.length} nobody promised: ${some(unpromised)}`)
  if (otherId.length > 0) faults.push(`${name}: ${otherId.length} under another id: ${some(otherId)}`)
  if (disordered.length > 0) faults.push(`${name}: ${disordered.length} out of order: ${some(disordered)}`)
  if (repeats > 0 && !repeatsAllowed) faults.push(`${name}: ${repeats} repeats where none may be`)
  return faults
}

/** True once every promise was seen: the moment for the check, if it comes. */
export function isComplete(promised: Ledger, seen: Ledger): boolean {
  const keys = new Set(seen.entries.map(({ key }) => key))
  return promised.entries.every(({ key }) => keys.has(key))
}

function some(entries: readonly Entry[]): string {
  const shown = entries.slice(0, 5).map(({ key, id }) => `${key} (${id})`)
  return entries.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ')
}
