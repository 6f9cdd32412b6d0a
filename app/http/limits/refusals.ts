import type { RefusalReason } from '../../identity/authenticate.ts'
import { tellOfBlock } from '../../outbox/take-limits.ts'
import { applicableLimits } from '../../policy/limit/key.ts'
import type { Block } from '../../policy/limiter.ts'
import type { PolicyInForce } from '../../policy/snapshot.ts'
import type { HttpDeps } from '../deps.ts'
import { createAlarm, createRefusalAudit, type Refusal } from './refusal-record.ts'

/** Nothing was shown, so that nothing was guessed. Any page can have a browser ask so, for all who share its address. */
const SHOWS_NOTHING: ReadonlySet<RefusalReason> = new Set(['no_certificate', 'no_api_key', 'no_log_in'])

export type Refusals = {
  /** Takes the policy's limits of failed authentications where something was shown, and writes it down; a block answers instead of a 401. */
  record(refusal: Refusal): Promise<Block | undefined>
  /** Whether an earlier failure keeps this address out. */
  blockOf(remoteIp: string, policy: PolicyInForce): Block | undefined
}

export type RefusalDeps = Pick<HttpDeps, 'store' | 'limiter' | 'route' | 'log' | 'now'>

/** Keeps addresses that guess out of the appliance, as the policy's limits keyed by `remoteIp` alone say. */
export function createRefusals(deps: RefusalDeps): Refusals {
  const audit = createRefusalAudit(deps)
  const raise = createAlarm(deps)

  async function record(refusal: Refusal): Promise<Block | undefined> {
    const { refused, remoteIp, policy } = refusal
    const at = deps.now()
    // First: what cannot be written down, as on a full disk, is counted all the same.
    const limits = SHOWS_NOTHING.has(refused.reason) ? [] : applicableLimits(policy.snapshot, 'auth')
    const outcome = deps.limiter.take(limits, { remoteIp }, at.getTime())
    await audit(refusal)
    if (refused.reason === 'revoked_certificate') {
      const credential = refused.credential ?? ''
      await raise({ reason: 'revoked_certificate', about: credential, data: { credential, ip: remoteIp } })
    }
    await tellOfBlock(outcome, { who: { remoteIp }, at }, deps)
    if (outcome.kind !== 'blocked' && outcome.kind !== 'rejected') return undefined
    const { limit, retryAfterMs } = outcome
    if (outcome.kind === 'blocked') {
      await raise({ reason: 'auth_failures', about: remoteIp, data: { ip: remoteIp, limit: limit.name } })
    }
    return { limit, retryAfterMs }
  }

  function blockOf(remoteIp: string, { snapshot }: PolicyInForce): Block | undefined {
    return deps.limiter.blockOf(applicableLimits(snapshot, 'auth'), { remoteIp }, deps.now().getTime())
  }

  return { record, blockOf }
}
