import { SYSTEM } from '../model/audit.ts'
import type { Standing } from '../model/consent.ts'
import type { Decision, DecisionRequest } from '../model/decision.ts'
import { validPurposes } from '../policy/decide/consent.ts'
import { decide } from '../policy/decide/decide.ts'
import { type Quiet, quietAt } from '../policy/decide/quiet.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { type Entry, sendingOf } from './entry.ts'
import { partsOf, strictest } from './parts.ts'

/** What was asked, and what the policy said; `rules`: what it said to the request as such, where a part of it is more strict. */
export type Asked = {
  readonly request: DecisionRequest
  readonly decision: Decision
  readonly rules?: Decision
}

/** What is asked for on the machine itself, by whoever could change the policy as well. */
const LOCAL: Decision = { effect: 'allow', by: 'local', reason: 'Asked for on the machine itself.' }

type AskDeps = { readonly snapshot: PolicySnapshot; readonly store: Store }

/** Asks the policy about an entry, with what the store knows of the recipient where a rule wants to know it. */
export async function ask(entry: Entry, at: Date, { snapshot, store }: AskDeps): Promise<Asked> {
  return asked(entry, at, { snapshot, store, known: snapshot.asksAcquaintance })
}

/** The same with all that is known, for what is recorded: another policy may ask more. */
export async function askInFull(entry: Entry, at: Date, { snapshot, store }: AskDeps): Promise<Asked> {
  return asked(entry, at, { snapshot, store, known: true })
}

async function asked(
  entry: Entry,
  at: Date,
  { snapshot, store, known }: AskDeps & { readonly known: boolean },
): Promise<Asked> {
  const { account, chat, principal } = entry
  const { contacts } = store
  const wishes = async (person: string) => wishesOf(await contacts.standing(person), snapshot, at)
  const request = {
    ...sendingOf(entry, at),
    ...(known ? await store.messages.acquaintance(account, chat) : {}),
    ...(await wishes(chat)),
  }
  if (principal === SYSTEM.principal) return { request, decision: LOCAL }
  const rules = decide(snapshot, request)
  const answers = (await partsOf(entry, request, { contacts, wishes })).map(({ request, about }) => {
    const said = decide(snapshot, request)
    return about === undefined ? said : { ...said, reason: `${about}: ${said.reason}` }
  })
  const decision = strictest(rules, answers)
  return { request, decision, ...(decision === rules ? {} : { rules }) }
}

/** An opt-out counts although the policy of today has no word for it. */
function wishesOf(
  { optedOutAt, consents }: Standing,
  { consent }: PolicySnapshot,
  at: Date,
): Pick<DecisionRequest, 'optedOut' | 'consents'> {
  const given = consents.filter(({ withdrawnAt }) => withdrawnAt === undefined)
  return { optedOut: optedOutAt !== undefined, consents: validPurposes(given, consent, at) }
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
