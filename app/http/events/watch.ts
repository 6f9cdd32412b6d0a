import { edgeDigest, renderEdge } from '../../policy/render-edge.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { createJudge, type Judgement, LOOK_MS } from './judge.ts'

/** Why a stream ends although its reader is still there; its last item says it. */
export type Ending = 'stopping' | 'reload' | 'revoked' | 'denied' | 'removed' | 'failed'

export type StreamJudgement =
  | Extract<Judgement, { kind: 'reads' }>
  | { readonly kind: 'ended'; readonly reason: Ending }

/** Looks after one reader, in whose name nothing is asked while it takes nothing or nothing happens. */
export type Watch<J = StreamJudgement> = {
  /** What it has ended stays ended. To be asked before each event. */
  readonly judge: () => J
  /** Aborted once the judge has ended it: the reader is to be told. */
  readonly ended: AbortSignal
  /** Aborted when its reader has had the time to hear that. Whoever is still there is cut off. */
  readonly cut: AbortSignal
}

type WatchDeps = Pick<HttpDeps, 'policy' | 'onPolicyChange' | 'now'>

/**
 * How long a reader may take to hear the end and to leave. With the time between two looks, and that by which one is late,
 * less than the two seconds within which a stream must have ended that its reader may not have any more.
 */
export const PART_WITHIN_MS = 500

export const STOPPING = { kind: 'ended', reason: 'stopping' } as const
const RELOAD = { kind: 'ended', reason: 'reload' } as const

/** Watches the reader of one stream until it is gone. */
export function watchStream(call: Call, deps: WatchDeps): Watch {
  return watch(call, createStreamJudge(call, deps), deps)
}

/** Watches one that waits for a page. */
export function watchPage(call: Call, deps: WatchDeps): Watch<Judgement> {
  return watch(call, createJudge(call, deps), deps)
}

function watch<J extends StreamJudgement>(
  call: Call,
  ask: () => J,
  { onPolicyChange }: Pick<WatchDeps, 'onPolicyChange'>,
): Watch<J> {
  let last: J | undefined
  const judge = () => {
    if (last?.kind !== 'ended') last = ask()
    return last
  }
  const [ended, cut] = [new AbortController(), new AbortController()]
  let parting: NodeJS.Timeout | undefined
  const look = () => {
    if (ended.signal.aborted || judge().kind === 'reads') return
    ended.abort()
    parting = setTimeout(() => cut.abort(), PART_WITHIN_MS)
  }
  const looks = setInterval(look, LOOK_MS)
  const stopListening = onPolicyChange(look)
  const forget = () => {
    clearInterval(looks)
    clearTimeout(parting)
    stopListening()
  }
  if (call.gone.aborted) forget() // it will not be told so again
  call.gone.addEventListener('abort', forget, { once: true })
  return { judge, ended: ended.signal, cut: cut.signal }
}

function createStreamJudge(call: Call, deps: WatchDeps): () => StreamJudgement {
  const ask = createJudge(call, deps)
  const edge = edgeOf(call.policy.snapshot)
  return () => {
    if (call.gone.aborted) return STOPPING
    const judgement = ask()
    if (judgement.kind === 'ended' || call.credential.kind === 'local') return judgement
    // The proxy is about to be given another configuration, and would cut the stream off without a word.
    return edgeOf(deps.policy().snapshot) === edge ? judgement : RELOAD
  }
}

const digests = new WeakMap<PolicySnapshot, string>()

function edgeOf(snapshot: PolicySnapshot): string {
  const digest = digests.get(snapshot) ?? edgeDigest(renderEdge(snapshot, {}))
  digests.set(snapshot, digest)
  return digest
}
