import { applicableLimits } from '../../policy/limiter.ts'
import type { Limit, PolicyInForce } from '../../policy/snapshot.ts'
import type { HttpDeps } from '../deps.ts'
import { addressKey, remember } from './bounded.ts'
import { createAlarm, createRefusalAudit, type Refusal } from './refusal-record.ts'

/** The address may not try again for now. */
export type Block = { readonly limit: Limit; readonly retryAfterMs: number }

export type Refusals = {
  /** Writes one down and takes the policy's limits of failed authentications. */
  record(refusal: Refusal): Promise<Block | undefined>
  /** Whether an earlier failure keeps this address out. */
  blockOf(remoteIp: string, policy: PolicyInForce): Block | undefined
}

export type RefusalDeps = Pick<HttpDeps, 'store' | 'limiter' | 'route' | 'log' | 'now'>

/** Keeps addresses that guess out of the appliance, as the policy's limits keyed by `remoteIp` alone say. */
export function createRefusals(deps: RefusalDeps): Refusals {
  const audit = createRefusalAudit(deps)
  const raise = createAlarm(deps)
  const blocks = new Map<string, { limit: Limit; until: number }>()

  async function record(refusal: Refusal): Promise<Block | undefined> {
    const { refused, remoteIp, policy } = refusal
    await audit(refusal)
    if (refused.reason === 'revoked_certificate') {
      const credential = refused.credential ?? ''
      await raise({ reason: 'revoked_certificate', about: credential, data: { credential, ip: remoteIp } })
    }
    const outcome = deps.limiter.take(
      applicableLimits(policy.snapshot, 'auth'),
      { remoteIp },
      deps.now().getTime(),
    )
    if (outcome.kind !== 'blocked' && outcome.kind !== 'rejected') return undefined
    const { limit, retryAfterMs } = outcome
    if (outcome.kind === 'blocked') {
      remember(blocks, addressKey(remoteIp), { limit, until: deps.now().getTime() + retryAfterMs })
      await raise({ reason: 'auth_failures', about: remoteIp, data: { ip: remoteIp, limit: limit.name } })
    }
    return { limit, retryAfterMs }
  }

  /** A limit that the policy no longer has blocks nobody. */
  function blockOf(remoteIp: string, policy: PolicyInForce): Block | undefined {
    const block = blocks.get(addressKey(remoteIp))
    if (block === undefined) return undefined
    const retryAfterMs = block.until - deps.now().getTime()
    const declared = policy.snapshot.limits.has(block.limit.name)
    if (retryAfterMs > 0 && declared) return { limit: block.limit, retryAfterMs }
    blocks.delete(addressKey(remoteIp))
    return undefined
  }

  return { record, blockOf }
}
