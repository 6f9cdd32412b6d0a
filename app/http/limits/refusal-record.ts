import type { Authentication } from '../../identity/authenticate.ts'
import type { PolicyInForce } from '../../policy/snapshot.ts'
import type { HttpDeps } from '../deps.ts'
import { addressKey, remember } from './bounded.ts'

/** A failed authentication: what is written down of it. */
export type Refusal = {
  readonly refused: Extract<Authentication, { kind: 'refused' }>
  readonly remoteIp: string
  readonly site: string
  readonly requestId: string
  readonly policy: PolicyInForce
}

export type RecordDeps = Pick<HttpDeps, 'store' | 'route' | 'log' | 'now'>

/** Audit entries of one address a minute; the next minute's first says how many more there were. */
const AUDITED_A_MINUTE = 20
const MINUTE_MS = 60_000
/** The same alert is not raised again within this time. */
const ALERT_EVERY_MS = 600_000

type Minute = { readonly startedAt: number; readonly audited: number; readonly suppressed: number }

/** Makes the writer of `auth.refused` entries: all of them, until one address sends so many that they would drown the others. */
export function createRefusalAudit(deps: RecordDeps): (refusal: Refusal) => Promise<void> {
  const minutes = new Map<string, Minute>()

  return async ({ refused, remoteIp, site, requestId }) => {
    const at = deps.now()
    const address = addressKey(remoteIp)
    const last = minutes.get(address)
    const running = last !== undefined && at.getTime() - last.startedAt < MINUTE_MS
    const minute = running ? last : { startedAt: at.getTime(), audited: 0, suppressed: 0 }
    if (minute.audited >= AUDITED_A_MINUTE) {
      minutes.set(address, { ...minute, suppressed: minute.suppressed + 1 })
      return
    }
    remember(minutes, address, { ...minute, audited: minute.audited + 1 })
    const suppressed = running || last === undefined ? 0 : last.suppressed
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
          ...(suppressed === 0 ? {} : { suppressed }),
        },
      },
    ])
  }
}

/** What an alert is about; one of a kind about one thing is enough for a while. */
export type Alert = {
  readonly reason: 'revoked_certificate' | 'auth_failures'
  readonly about: string
  readonly data: Readonly<Record<string, string>>
}

/** Makes the way to raise a `security.alert`. */
export function createAlarm(deps: RecordDeps): (alert: Alert) => Promise<void> {
  const raised = new Map<string, number>()

  return async ({ reason, about, data }) => {
    const key = `${reason} ${about}`
    const at = deps.now().getTime()
    const last = raised.get(key)
    if (last !== undefined && at - last < ALERT_EVERY_MS) return
    remember(raised, key, at)
    deps.log.warn('security.alert', { reason })
    await deps.store.events.append({
      events: [deps.route({ type: 'security.alert', data: { reason, ...data } })],
    })
  }
}
