import { SYSTEM } from '../model/audit.ts'
import type { Decision } from '../model/decision.ts'
import { decide } from '../policy/decide/decide.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { type Entry, sendingOf } from './entry.ts'

/** What is asked for on the machine itself, by whoever could change the policy as well. */
const LOCAL: Decision = { effect: 'allow', by: 'local', reason: 'Asked for on the machine itself.' }

/** Asks the policy about an entry, with what the store knows of the recipient where a rule wants to know it. */
export async function ask(
  entry: Entry,
  at: Date,
  { snapshot, store }: { readonly snapshot: PolicySnapshot; readonly store: Store },
): Promise<Decision> {
  const { account, chat, principal } = entry
  if (principal === SYSTEM.principal) return LOCAL
  const known = snapshot.asksAcquaintance ? await store.messages.acquaintance(account, chat) : {}
  return decide(snapshot, { ...sendingOf(entry, at), ...known })
}
