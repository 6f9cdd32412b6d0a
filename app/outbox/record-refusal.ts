import type { AuditDraft } from '../model/audit.ts'
import type { DecisionRecord } from '../model/decision.ts'
import type { Limiter } from '../policy/limiter.ts'
import type { Limit } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'

export type RecordRefusalDeps = {
  readonly store: Pick<Store, 'decisions'>
  readonly limiter: Limiter
  readonly now: () => Date
}

/** Ten a second of one principal for as long as it likes: far above a program that is merely wrong. */
const EACH: Limit = {
  name: '(refusals in the audit chain)',
  key: ['principal'],
  count: 600,
  periodMs: 60_000,
  burst: 600,
  onExceed: 'reject',
}
const GAP: Limit = { ...EACH, name: '(gaps in the audit chain)', count: 1, burst: 1 }

/**
 * Writes a refusal into the audit chain, and the decision beside it. Whoever asks in vain without end must not fill the disk: beyond 600 a minute of
 * one principal a single entry a minute says by `gap: true` that others were refused beside it. Each is still a line in
 * the log.
 */
export async function recordRefusal(
  refusal: AuditDraft,
  decision: DecisionRecord,
  deps: RecordRefusalDeps,
): Promise<void> {
  const { principal } = refusal
  const room = (limit: Limit) => deps.limiter.take([limit], { principal }, deps.now().getTime()).kind === 'ok'
  if (room(EACH)) await deps.store.decisions.refused(decision, refusal)
  else if (room(GAP))
    await deps.store.decisions.refused(decision, { ...refusal, detail: { ...refusal.detail, gap: true } })
}
