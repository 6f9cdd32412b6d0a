import { table } from './table.ts'

/** An endpoint as the API shows it, as far as commands print it. */
export type ShownEndpoint = {
  readonly name: string
  readonly url: string
  readonly health: {
    readonly state: string
    readonly disabled_because: string | null
    readonly breaker: string
    readonly breaker_open_until: string | null
    readonly pending: number
    readonly dead: number
    readonly last_success_at: string | null
  }
}

export type ShownTryOut = {
  readonly taken: boolean
  readonly status: number | null
  readonly reason: string | null
  readonly answer: string | null
  readonly took_ms: number
}

export function endpointsText(endpoints: readonly ShownEndpoint[]): string {
  if (endpoints.length === 0) return 'the policy declares no endpoint'
  const rows = endpoints.map(({ name, url, health }) => [
    name,
    health.disabled_because === null ? health.state : `${health.state} (${health.disabled_because})`,
    health.breaker_open_until === null
      ? health.breaker
      : `${health.breaker} until ${health.breaker_open_until}`,
    String(health.pending),
    String(health.dead),
    health.last_success_at ?? 'never',
    url,
  ])
  return table(['NAME', 'STATE', 'BREAKER', 'PENDING', 'DEAD', 'LAST SUCCESS', 'URL'], rows)
}

export function tryOutText({ taken, status, reason, answer, took_ms }: ShownTryOut): string {
  const verdict = taken ? `taken with ${status}` : `not taken: ${reason}`
  return [`${verdict} (${took_ms} ms)`, ...(answer === null ? [] : ['', answer])].join('\n')
}
