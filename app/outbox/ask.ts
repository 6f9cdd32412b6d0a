import type { Decision } from '../model/decision.ts'
import { decide } from '../policy/decide/decide.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { type Entry, sendingOf } from './entry.ts'

/** Asks the policy about an entry, with what the store knows of the recipient where a rule wants to know it. */
export async function ask(
  entry: Entry,
  at: Date,
  { snapshot, store }: { readonly snapshot: PolicySnapshot; readonly store: Store },
): Promise<Decision> {
  const { account, chat } = entry
  const known = snapshot.asksAcquaintance ? await store.messages.acquaintance(account, chat) : {}
  return decide(snapshot, { ...sendingOf(entry, at), ...known })
}
