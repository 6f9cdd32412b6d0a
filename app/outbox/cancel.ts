import type { Actor } from '../model/audit.ts'
import type { Message, MessageStatus } from '../model/message.ts'
import type { Store } from '../store/store.ts'
import { auditOf } from './entry.ts'

export type CancelDeps = { readonly store: Store; readonly now: () => Date }

/** `id` is ours or WhatsApp's. */
export type CancelRequest = { readonly actor: Actor; readonly account: string; readonly id: string }

/** `too-late`: it is on its way, or its life is over. */
export type CancelOutcome =
  | { readonly kind: 'cancelled'; readonly message: Message }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'too-late'; readonly status: MessageStatus }

const CANCELLABLE = ['held', 'queued'] as const

/**
 * Makes the way to take back an entry that is still queued or held: nothing more is sent of it. One that was tried without
 * an answer may have left before; then the phone's receipt says so, and the message is `delivered` after all.
 */
export function createCancel(deps: CancelDeps): (request: CancelRequest) => Promise<CancelOutcome> {
  return async ({ actor, account, id }) => {
    const message = await deps.store.messages.get(account, id)
    if (message === undefined) return { kind: 'unknown' }
    const at = deps.now()
    const change = {
      account,
      messageId: message.messageId,
      to: 'cancelled',
      onlyFrom: CANCELLABLE,
      at,
    } as const
    const audit = auditOf(message, { ...actor, at, action: 'messages.cancel', decision: 'done' })
    const done = await deps.store.messages.advance(change, { audit: [audit] })
    const found = (await deps.store.messages.get(account, id)) ?? message
    return done ? { kind: 'cancelled', message: found } : { kind: 'too-late', status: found.status }
  }
}
