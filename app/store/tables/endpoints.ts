import { present } from '../../lib/present.ts'
import { instant } from '../database/query.ts'
import type { Effects } from '../effects.ts'
import type { DisabledBecause, EndpointHealth } from '../endpoints.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { writeEffects } from './effects.ts'

type EndpointRow = {
  readonly endpoint: string
  readonly failure_count: number
  readonly failing_since: number | null
  readonly last_success_at: number | null
  readonly last_failure_at: number | null
  readonly open_until: number | null
  readonly probe_count: number
  readonly disabled_at: number | null
  readonly disabled_because: DisabledBecause | null
}

export function listEndpoints({ db }: Source): readonly EndpointHealth[] {
  return db.all<EndpointRow>('SELECT * FROM endpoints ORDER BY endpoint').map(row => ({
    endpoint: row.endpoint,
    failureCount: row.failure_count,
    probeCount: row.probe_count,
    ...present({
      failingSince: instant(row.failing_since),
      lastSuccessAt: instant(row.last_success_at),
      lastFailureAt: instant(row.last_failure_at),
      openUntil: instant(row.open_until),
      disabled: disabledOf(row),
    }),
  }))
}

export function putEndpoint(
  tx: Tx,
  { health, effects }: { health: EndpointHealth; effects?: Effects | undefined },
): void {
  writeHealth(tx, health)
  writeEffects(tx, effects)
}

/** For the write that an attempt is settled with. */
export function writeHealth({ db }: Tx, health: EndpointHealth): void {
  const { disabled } = health
  db.run(
    `INSERT OR REPLACE INTO endpoints (endpoint, failure_count, failing_since, last_success_at, last_failure_at,
       open_until, probe_count, disabled_at, disabled_because) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    health.endpoint,
    health.failureCount,
    millis(health.failingSince),
    millis(health.lastSuccessAt),
    millis(health.lastFailureAt),
    millis(health.openUntil),
    health.probeCount,
    millis(disabled?.at),
    disabled?.because ?? null,
  )
}

function disabledOf({ disabled_at, disabled_because }: EndpointRow): EndpointHealth['disabled'] {
  return disabled_at === null || disabled_because === null
    ? undefined
    : { at: new Date(disabled_at), because: disabled_because }
}

function millis(at: Date | undefined): number | null {
  return at === undefined ? null : at.getTime()
}
