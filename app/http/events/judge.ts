import type { PosternEvent } from '../../model/event.ts'
import type { Problem } from '../answer.ts'
import { unauthenticated } from '../authenticate.ts'
import { type AuthorizeDeps, may, mayAnywhere, refuseAny } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { refusedBySite } from '../hop/arrive.ts'
import type { Call } from '../hop/call.ts'

export const ACTION = 'events.read'

/** What of an event rules speak of. */
type Touched = Pick<PosternEvent, 'account' | 'chat'>

/** What the policy of this moment says of a reader: which events it may have, or that it may have none any more. */
export type Judgement = { readonly kind: 'reads'; readonly may: (of: Touched) => boolean } | Ended

type Ended = {
  readonly kind: 'ended'
  readonly reason: 'revoked' | 'denied'
  /** What its next request is answered; what the rules refuse is recorded. */
  readonly answer: (deps: AuthorizeDeps) => Promise<Problem>
}

type JudgeDeps = Pick<HttpDeps, 'policy' | 'now'>

/** A reader that waits for events has its judge asked this often. */
export const LOOK_MS = 1_000
/**
 * Credentials are looked at again this often although no policy changed: they expire, and files of keys are replaced. A look
 * comes so much late at the most, since somebody may have asked just before the end.
 */
export const KNOWN_FOR_MS = LOOK_MS / 4

/** Makes the judge of one reader. Each call asks the policy in force at that moment, from the credential on. */
export function createJudge(call: Call, deps: JudgeDeps): () => Judgement {
  let known = { snapshot: call.policy.snapshot, at: call.at, standing: inside(call) }

  return () => {
    const at = deps.now()
    const policy = deps.policy()
    if (policy.snapshot !== known.snapshot || apartMs(at, known.at) >= KNOWN_FOR_MS) {
      known = { snapshot: policy.snapshot, at, standing: standingOf({ ...call, policy, at }) }
    }
    const { standing } = known
    if (standing.kind === 'ended') return standing
    const asked = { ...standing.call, at }
    return { kind: 'reads', may: of => mayRead(asked, of) }
  }
}

/** Either way: a clock can be put back, and what was known would be known until it is there again. */
function apartMs(one: Date, other: Date): number {
  return Math.abs(one.getTime() - other.getTime())
}

type Standing = { readonly kind: 'inside'; readonly call: Call } | Ended

/** Asks in the order in which a request is asked. */
function standingOf(call: Call): Standing {
  const { snapshot } = call.policy
  const elsewhere = call.credential.kind === 'local' ? undefined : refusedBySite(snapshot, call)
  if (elsewhere !== undefined) return ended('denied', async () => elsewhere)
  const found = call.identify(snapshot)
  if (found.kind === 'refused') return ended('revoked', async () => unauthenticated(call, found.detail))
  const later = { ...call, principal: found.principal }
  if (mayAnywhere(later, ACTION)) return inside(later)
  return ended('denied', deps => refuseAny(later, ACTION, deps))
}

function ended(reason: Ended['reason'], answer: Ended['answer']): Ended {
  return { kind: 'ended', reason, answer }
}

function inside(call: Call): Standing {
  return { kind: 'inside', call }
}

/** Whether the policy lets this caller have the event, or anything else of its account, of a chat where one is named. */
export function mayRead(call: Call, { account, chat }: Touched): boolean {
  const resource = {
    ...(account === undefined ? {} : { account }),
    ...(chat === undefined ? {} : { to: chat }),
  }
  return may(call, ACTION, resource).effect === 'allow'
}
