import { table } from './table.ts'

/** A message as the API shows it, as far as commands print it. */
export type ShownMessage = {
  readonly id: string
  readonly account: string
  readonly direction: 'in' | 'out'
  readonly chat: string
  readonly type: string
  readonly status: string
  readonly created_at: string
  readonly due_at?: string
  readonly expires_at?: string
  readonly attempts?: number
  readonly principal?: string
  readonly approved_by?: string
  readonly error?: { readonly code: string; readonly message: string | null }
  readonly timeline: readonly ShownStep[]
}

export type ShownStep = {
  readonly status: string
  readonly at: string
  readonly code?: string
  readonly detail?: string
}

/** One step of a timeline on one line. */
export function stepText({ status, at, code, detail }: ShownStep): string {
  const why = [code, detail].filter(part => part !== undefined).join(': ')
  return `${at}  ${why === '' ? status : `${status.padEnd(9)}  ${why}`}`
}

/** Everything about one message but its content. */
export function messageText(message: ShownMessage): string {
  const members: readonly (readonly [string, string | undefined])[] = [
    ['id', message.id],
    ['account', message.account],
    [message.direction === 'out' ? 'to' : 'chat', message.chat],
    ['type', message.type],
    ['status', message.status],
    ['asked by', message.principal],
    ['approved', message.approved_by],
    ['due', message.due_at],
    ['expires', message.expires_at],
    ['attempts', message.attempts?.toString()],
  ]
  const known = members.filter(([, value]) => value !== undefined)
  return [
    ...known.map(([name, value]) => `${name.padEnd(9)} ${value}`),
    '',
    ...message.timeline.map(stepText),
  ].join('\n')
}

/** What somebody's word about a held message came to. */
export function reviewedText({ id, status, error, due_at }: ShownMessage): string {
  if (error === undefined) return `${id} is ${status}${due_at === undefined ? '' : `, due ${due_at}`}`
  return `${id} is ${status} (${error.code}): ${error.message}`
}

export function messagesText(messages: readonly ShownMessage[]): string {
  if (messages.length === 0) return 'nothing'
  const rows = messages.map(({ id, account, chat, type, status, due_at, created_at }) => {
    return [id, account, chat, type, status, due_at ?? created_at]
  })
  return table(['ID', 'ACCOUNT', 'CHAT', 'TYPE', 'STATUS', 'DUE'], rows)
}
