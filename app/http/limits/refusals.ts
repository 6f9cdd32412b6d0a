import type { Authentication } from '../../identity/authenticate.ts'
import { applicableLimits } from '../../policy/limiter.ts'
import type { Limit, PolicyInForce } from '../../policy/snapshot.ts'
import type { HttpDeps } from '../deps.ts'

/** A failed authentication: what is written down of it. */
export type Refusal = {
  readonly refused: Extract<Authentication, { kind: 'refused' }>
  readonly remoteIp: string
  readonly site: string
  readonly requestId: string
  readonly policy: PolicyInForce
}

/** The address may not try again for now. */
export type Block = { readonly limit: Limit; readonly retryAfterMs: number }

export type Refusals = {
  /** Writes one down, within reason, and takes the policy's limits of failed authentications. */
  record(refusal: Refusal): Promise<Block | undefined>
  /** Whether an earlier failure keeps this address out. */
  blockOf(remoteIp: string, policy: PolicyInForce): Block | undefined
}

export type RefusalDeps = Pick<HttpDeps, 'store' | 'limiter' | 'route' | 'log' | 'now'>

/** Audit entries of one address a minute; the next minute's first says how many more there were. */
const AUDITED_A_MINUTE = 20
const MINUTE_MS = 60_000
/** The same alert is not raised again within this time. */
const ALERT_EVERY_MS = 600_000
/** Addresses remembered at most; the oldest are forgotten first. */
const REMEMBERED = 10_000

type Minute = { readonly startedAt: number; readonly audited: number; readonly suppressed: number }

/** Keeps floods of failed log-ins out of the audit chain, and addresses that guess out of the appliance. */
export function createRefusals(deps: RefusalDeps): Refusals {
  const minutes = new Map<string, Minute>()
  const blocks = new Map<string, { limit: Limit; until: number }>()
  const alerts = new Map<string, number>()

  async function record(refusal: Refusal): Promise<Block | undefined> {
    const { refused, remoteIp, policy } = refusal
    await audit(refusal)
    if (refused.reason === 'revoked_certificate') {
      await alert('revoked_certificate', refused.credential ?? remoteIp, {
        credential: refused.credential ?? '',
      })
    }
    const limits = applicableLimits(policy.snapshot, 'auth')
    const outcome = deps.limiter.take(limits, { remoteIp }, deps.now().getTime())
    if (outcome.kind !== 'blocked' && outcome.kind !== 'rejected') return undefined
    const { limit, retryAfterMs } = outcome
    if (outcome.kind === 'rejected') return { limit, retryAfterMs }
    remember(blocks, remoteIp, { limit, until: deps.now().getTime() + retryAfterMs })
    await alert('auth_failures', remoteIp, { ip: remoteIp, limit: limit.name })
    return { limit, retryAfterMs }
  }

  function blockOf(remoteIp: string, policy: PolicyInForce): Block | undefined {
    const block = blocks.get(remoteIp)
    if (block === undefined) return undefined
    const retryAfterMs = block.until - deps.now().getTime()
    if (retryAfterMs > 0 && policy.snapshot.limits.has(block.limit.name))
      return { limit: block.limit, retryAfterMs }
    blocks.delete(remoteIp)
    return undefined
  }

  async function audit(refusal: Refusal): Promise<void> {
    const { refused, remoteIp, site, requestId } = refusal
    const at = deps.now()
    const known = minutes.get(remoteIp)
    const minute = known !== undefined && at.getTime() - known.startedAt < MINUTE_MS ? known : undefined
    const { startedAt, audited, suppressed } = minute ?? {
      startedAt: at.getTime(),
      audited: 0,
      suppressed: 0,
    }
    if (audited >= AUDITED_A_MINUTE) {
      minutes.set(remoteIp, { startedAt, audited, suppressed: suppressed + 1 })
      return
    }
    remember(minutes, remoteIp, { startedAt, audited: audited + 1, suppressed: 0 })
    const earlier = minute === undefined ? (known?.suppressed ?? 0) : 0
    await deps.store.audit.append([
      {
        at,
        principal: 'unknown',
        ip: remoteIp,
        action: 'auth.refused',
        decision: 'deny',
        ...(refused.credential === undefined ? {} : { credential: refused.credential }),
        detail: {
          reason: refused.reason,
          site,
          request: requestId,
          ...(earlier === 0 ? {} : { suppressed: earlier }),
        },
      },
    ])
  }

  async function alert(reason: string, about: string, data: Readonly<Record<string, string>>): Promise<void> {
    const key = `${reason} ${about}`
    const at = deps.now().getTime()
    const last = alerts.get(key)
    if (last !== undefined && at - last < ALERT_EVERY_MS) return
    remember(alerts, key, at)
    deps.log.warn('security.alert', { reason })
    await deps.store.events.append({
      events: [deps.route({ type: 'security.alert', data: { reason, ...data } })],
    })
  }

  return { record, blockOf }
}

/** Puts a key last and drops the oldest beyond what is remembered. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= REMEMBERED) return
    map.delete(oldest)
  }
}
