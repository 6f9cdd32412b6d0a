import type { DecisionRequest } from '../../model/decision.ts'

/** A request in the words of the HTTP API. */
export type RequestWords = {
  readonly principal: string
  readonly credential_serial?: string
  readonly action?: string
  readonly account?: string
  readonly to?: string
  readonly recipient_kind?: 'contact' | 'group' | 'channel' | 'status'
  readonly type?: string
  readonly template?: string
  readonly purpose?: string
  readonly size?: number
  readonly mime?: string
  readonly ip?: string
  readonly network?: string
  readonly first_contact?: boolean
  /** An instant, or `never`. */
  readonly last_inbound_at?: string
  readonly consents?: readonly string[]
  readonly opted_out?: boolean
  readonly at?: string
}

/** Words of one part that are called the same here and there. */
const SAME = [
  'account',
  'to',
  'type',
  'template',
  'purpose',
  'size',
  'mime',
  'ip',
  'network',
  'consents',
] as const

export function wordsOf(request: DecisionRequest): RequestWords {
  const { principal, action, credentialSerial, recipientKind, firstContact, lastInboundAt, optedOut, at } =
    request
  const wrote = lastInboundAt instanceof Date ? lastInboundAt.toISOString() : lastInboundAt
  return {
    principal,
    action,
    ...picked(request, SAME),
    ...(credentialSerial === undefined ? {} : { credential_serial: credentialSerial }),
    ...(recipientKind === undefined ? {} : { recipient_kind: recipientKind }),
    ...(firstContact === undefined ? {} : { first_contact: firstContact }),
    ...(wrote === undefined ? {} : { last_inbound_at: wrote }),
    ...(optedOut === undefined ? {} : { opted_out: optedOut }),
    at: at.toISOString(),
  }
}

/** The request that these words ask about; `messages.send` and `now` where they do not say. */
export function requestOf(words: RequestWords, now: Date): DecisionRequest {
  const { credential_serial, recipient_kind, first_contact, last_inbound_at, opted_out } = words
  const wrote = last_inbound_at === 'never' ? last_inbound_at : instant(last_inbound_at)
  return {
    principal: words.principal.replace(/^(service|person|operator):/, ''),
    action: words.action ?? 'messages.send',
    ...picked(words, SAME),
    ...(credential_serial === undefined ? {} : { credentialSerial: credential_serial }),
    ...(recipient_kind === undefined ? {} : { recipientKind: recipient_kind }),
    ...(first_contact === undefined ? {} : { firstContact: first_contact }),
    ...(wrote === undefined ? {} : { lastInboundAt: wrote }),
    ...(opted_out === undefined ? {} : { optedOut: opted_out }),
    at: instant(words.at) ?? now,
  }
}

function instant(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text)
}

function picked<T extends object, const Name extends keyof T>(
  from: T,
  names: readonly Name[],
): { [N in Name]?: Exclude<T[N], undefined> } {
  const entries = names.map(name => [name, from[name]] as const).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [N in Name]?: Exclude<T[N], undefined> }
}
