import { table } from './table.ts'

/** A delivery as the API shows it. */
export type ShownDelivery = {
  readonly id: string
  readonly endpoint: string
  readonly status: string
  readonly event: { readonly id: string; readonly type: string; readonly account: string | null }
  readonly created_at: string
  readonly due_at: string | null
  readonly attempt_count: number
  readonly attempts: readonly ShownAttempt[]
}

type ShownAttempt = {
  readonly at: string
  readonly status: number | null
  readonly reason: string | null
  readonly took_ms: number
  readonly answer?: string
}

export function deliveriesText(deliveries: readonly ShownDelivery[]): string {
  if (deliveries.length === 0) return 'nothing'
  const rows = deliveries.map(
    ({ id, endpoint, status, event, attempt_count, due_at, created_at, attempts }) => [
      id,
      endpoint,
      status,
      event.type,
      String(attempt_count),
      created_at,
      due_at ?? '-',
      attempts.at(-1)?.reason ?? '',
    ],
  )
  return table(['ID', 'ENDPOINT', 'STATUS', 'EVENT', 'ATTEMPTS', 'CREATED', 'DUE', 'LAST FAILURE'], rows)
}

/** Everything about one delivery but what its event says. */
export function deliveryText(delivery: ShownDelivery): string {
  const { event } = delivery
  const members = [
    ['id', delivery.id],
    ['endpoint', delivery.endpoint],
    ['status', delivery.status],
    ['event', `${event.type} ${event.id}${event.account === null ? '' : ` of ${event.account}`}`],
    ['created', delivery.created_at],
    ['due', delivery.due_at ?? '-'],
  ]
  const answer = delivery.attempts.at(-1)?.answer
  return [
    ...members.map(([name = '', value = '']) => `${name.padEnd(8)} ${value}`),
    '',
    ...delivery.attempts.map(attemptText),
    ...(answer === undefined ? [] : ['', 'the last answer:', answer]),
  ].join('\n')
}

function attemptText({ at, status, reason, took_ms }: ShownAttempt): string {
  return `${at}  ${reason ?? `taken with ${status}`} (${took_ms} ms)`
}
