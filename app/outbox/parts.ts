import type { Decision, DecisionRequest } from '../model/decision.ts'
import type { Store } from '../store/store.ts'
import { type Entry, saidIn } from './entry.ts'

/** One more question about an entry than whether it may go where it goes, and what of the request it is about. */
export type Part = { readonly request: DecisionRequest; readonly about?: string }

/** What a rule asks of a recipient, from the store. */
export type Wishes = (person: string) => Promise<Pick<DecisionRequest, 'optedOut' | 'consents'>>

/**
 * A forward is a message of the type that it passes on as well, and a status one to each person whom it is shown: what may not
 * be sent, or not to somebody, goes neither way. Nobody is asked before a status is taken back.
 */
export async function partsOf(
  entry: Entry,
  request: DecisionRequest,
  { contacts, wishes }: { readonly contacts: Pick<Store['contacts'], 'nameOf'>; readonly wishes: Wishes },
): Promise<readonly Part[]> {
  const { content, audience = [] } = entry
  if (content.type === 'forward')
    return 'message' in content.forward
      ? [{ request: { ...request, ...saidIn(content.forward.message) } }]
      : []
  if (content.type === 'revoke') return []
  const parts: Part[] = []
  for (const [index, person] of audience.entries()) {
    const to = await contacts.nameOf(person)
    parts.push({ request: { ...request, to, ...(await wishes(person)) }, about: `audience[${index}]` })
  }
  return parts
}

const STRICTNESS = { allow: 0, hold: 1, deny: 2 } as const

/** Of several answers the one that lets least go; the first of those that are alike. */
export function strictest(first: Decision, others: readonly Decision[]): Decision {
  return others.reduce(
    (found, one) => (STRICTNESS[one.effect] > STRICTNESS[found.effect] ? one : found),
    first,
  )
}
