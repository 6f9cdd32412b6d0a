import { tellOfBlock } from '../../outbox/take-limits.ts'
import { applicableLimits } from '../../policy/limit/key.ts'
import type { Block } from '../../policy/limiter.ts'
import type { PolicyInForce } from '../../policy/snapshot.ts'
import type { HttpDeps } from '../deps.ts'
import { createAlarm, createRefusalAudit, type Refusal } from './refusal-record.ts'

export type Refusals = {
  /** Writes one down and takes the policy's limits of failed authentications; a block answers instead of a 401. */
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
    await audit(refusal)
    if (refused.reason === 'revoked_certificate') {
      const credential = refused.credential ?? ''
      await raise({ reason: 'revoked_certificate', about: credential, data: { credential, ip: remoteIp } })
    }
    const at = deps.now()
    const outcome = deps.limiter.take(applicableLimits(policy.snapshot, 'auth'), { remoteIp }, at.getTime())
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
