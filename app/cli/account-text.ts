/** An account as the API shows it. */
export type ShownAccount = {
  readonly name: string
  readonly display_name: string
  readonly phone: string | null
  readonly state: string
  readonly health: Readonly<Record<string, unknown>>
  readonly last_stanza_at: string | null
  readonly reason: string | null
}

export function accountPath(name: string, operation?: string): string {
  const path = `/v1/accounts/${encodeURIComponent(name)}`
  return operation === undefined ? path : `${path}/${operation}`
}

export function accountText(account: ShownAccount): string {
  const { name, display_name, phone, state, health, last_stanza_at, reason } = account
  const healthy = Object.entries(health).filter(([, value]) => value === true)
  const members: readonly (readonly [string, string | null])[] = [
    ['name', name],
    ['shown as', display_name === name ? null : display_name],
    ['phone', phone],
    ['state', state],
    ['why', reason],
    ['health', healthy.map(([word]) => word).join(', ') || 'not connected'],
    ['last heard', last_stanza_at],
  ]
  return members
    .filter(([, value]) => value !== null)
    .map(([word, value]) => `${word.padEnd(10)} ${value}`)
    .join('\n')
}
