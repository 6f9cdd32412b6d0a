import { SYSTEM } from '../model/audit.ts'
import type { Decision } from '../model/decision.ts'
import { decide } from '../policy/decide/decide.ts'
import { type Quiet, quietAt } from '../policy/decide/quiet.ts'
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

/** What the quiet hours of its recipient say to an entry that may leave at an instant. */
export function quietFor(
  decision: Decision | undefined,
  { chat, from, purpose }: Entry,
  { snapshot, at }: { readonly snapshot: PolicySnapshot; readonly at: Date },
): Quiet {
  if (decision?.by === LOCAL.by) return { kind: 'none' }
  const own = from === undefined ? {} : { from }
  return quietAt(snapshot.quietHours, { to: chat, ...own, ...(purpose === undefined ? {} : { purpose }) }, at)
}
