import type { PosternEvent } from '../../model/event.ts'
import { edgeDigest, renderEdge } from '../../policy/render-edge.ts'
import type { PolicyInForce, PolicySnapshot } from '../../policy/snapshot.ts'
import { may, mayAnywhere } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { siteLetsIn } from '../hop/arrive.ts'
import type { Call } from '../hop/call.ts'

export const ACTION = 'events.read'

/** Why a stream ends although its reader is still there; its last item says it. */
export type Ending = 'stopping' | 'reload' | 'revoked' | 'denied' | 'removed' | 'failed'

/** What the policy of this moment says of a reader: which events it may have, or that it may have none any more. */
export type Judgement =
  | { readonly kind: 'reads'; readonly may: (of: Pick<PosternEvent, 'account'>) => boolean }
  | { readonly kind: 'ended'; readonly reason: Ending }

type JudgeDeps = Pick<HttpDeps, 'policy' | 'now'>

/** A stream on which nothing happens asks its judge this often. */
export const LOOK_MS = 1_000
/**
 * Credentials are looked at again this often although no policy changed: they expire, and files of keys are replaced. Less than the
 * time between two looks, for timers are early by a fraction of a millisecond and every second look would see nothing.
 */
const KNOWN_FOR_MS = LOOK_MS / 2

/** Makes the judge of one stream. Each call asks the policy in force at that moment, from the credential on. */
export function createJudge(call: Call, deps: JudgeDeps): () => Judgement {
  const edge = edgeOf(call.policy.snapshot)
  let policy: PolicyInForce | undefined
  let known = { call, at: 0, ending: undefined as Ending | undefined }

  return () => {
    const at = deps.now()
    if (policy?.snapshot !== deps.policy().snapshot || at.getTime() - known.at >= KNOWN_FOR_MS) {
      policy = deps.policy()
      known = { ...lookAgain(policy), at: at.getTime() }
    }
    if (known.ending !== undefined) return { kind: 'ended', reason: known.ending }
    const asked = { ...known.call, at }
    if (!mayAnywhere(asked, ACTION)) return { kind: 'ended', reason: 'denied' }
    return { kind: 'reads', may: of => mayRead(asked, of) }
  }

  function lookAgain(now: PolicyInForce): { call: Call; ending: Ending | undefined } {
    const found = call.identify(now.snapshot)
    if (found.kind === 'refused') return { call, ending: 'revoked' }
    const later = { ...call, policy: now, principal: found.principal }
    if (call.credential.kind === 'local') return { call: later, ending: undefined }
    if (siteLetsIn(now.snapshot, call) !== 'in') return { call, ending: 'denied' }
    // The proxy is about to be given another configuration, and would cut the stream off without a word.
    return { call: later, ending: edgeOf(now.snapshot) === edge ? undefined : 'reload' }
  }
}

/** Whether the policy lets this caller have the event, or anything else of its account. */
export function mayRead(call: Call, { account }: Pick<PosternEvent, 'account'>): boolean {
  const resource = account === undefined ? {} : { account }
  return may(call, ACTION, resource).effect === 'allow'
}

const digests = new WeakMap<PolicySnapshot, string>()

function edgeOf(snapshot: PolicySnapshot): string {
  const digest = digests.get(snapshot) ?? edgeDigest(renderEdge(snapshot, {}))
  digests.set(snapshot, digest)
  return digest
}
