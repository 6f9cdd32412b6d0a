import type { SendOrder, SendOutcome } from '../model/send-port.ts'
import type { Store } from '../store/store.ts'
import type { Recipients } from './recipients.ts'
import { wordsOf } from './socket/library-log.ts'
import type { Socket } from './socket/open.ts'
import { outgoingOf } from './translate.ts'

export type SenderDeps = {
  readonly store: Store
  readonly recipients: Recipients
  readonly now: () => Date
  /** How long one attempt may take from asking for the recipient to the server's ack. */
  readonly ackTimeoutMs: number
}

/** Sends of one account, each waiting for what the server says about it. */
export type Sender = {
  send(order: SendOrder, socket: Socket): Promise<SendOutcome>
  /** The server's answer; `error` is its code of refusal. */
  acknowledged(messageId: string, error?: string): void
  /** The connection is gone: nobody knows what became of the sends under way. */
  abandon(reason: string): void
  /** Sends under way. */
  readonly pendingCount: number
  /** How many attempts in a row the server has left without an answer. */
  readonly unansweredCount: number
}

const RETRYABLE = new Set(['408', '429'])

/** Refusals of the kind 4xx are for good; a server in trouble, or one that asks for patience, is asked again. */
export function refusalOf(error: string): SendOutcome {
  const reason = `WhatsApp refused the message with error ${error}`
  if (RETRYABLE.has(error) || !/^4\d\d$/.test(error)) return { kind: 'retry', reason }
  return { kind: 'refused', code: `whatsapp.${error}`, reason }
}

/** What a send that broke off comes to. A refusal of what the send had to ask first, such as a group's members, refuses the message. */
export function failureOf(error: unknown): SendOutcome {
  const code = error instanceof Error && 'data' in error && typeof error.data === 'number' ? error.data : 0
  const refusal = refusalOf(String(code))
  return refusal.kind === 'refused' ? refusal : { kind: 'retry', reason: `not sent: ${wordsOf(error)}` }
}

export function createSender(deps: SenderDeps): Sender {
  const pending = new Map<string, (outcome: SendOutcome) => void>()
  let unanswered = 0

  async function write(order: SendOrder, socket: Socket): Promise<SendOutcome | undefined> {
    const address = await deps.recipients.addressOf(order.chat, socket)
    if (address === 'none') return NOT_ON_WHATSAPP
    const quotedId = order.content.context?.message_id
    const quoted = quotedId === undefined ? undefined : await deps.store.messages.get(order.account, quotedId)
    await socket.send(address, order.messageId, outgoingOf(order, quoted))
    return undefined // written; the ack decides
  }

  async function send(order: SendOrder, socket: Socket): Promise<SendOutcome> {
    const outcome = new Promise<SendOutcome>(settle => {
      const timer = setTimeout(() => {
        unanswered += 1
        settle({ kind: 'retry', reason: 'WhatsApp did not acknowledge the message in time' })
      }, deps.ackTimeoutMs)
      pending.set(order.messageId, answer => {
        clearTimeout(timer)
        settle(answer)
      })
    })
    const settle = pending.get(order.messageId)
    write(order, socket).then(
      refused => refused && settle?.(refused),
      error => settle?.(failureOf(error)),
    )
    const settled = await outcome
    if (pending.get(order.messageId) === settle) pending.delete(order.messageId)
    return settled
  }

  return {
    send,
    acknowledged(messageId, error) {
      unanswered = 0
      const outcome: SendOutcome = error === undefined ? { kind: 'acked', at: deps.now() } : refusalOf(error)
      pending.get(messageId)?.(outcome)
    },
    abandon(reason) {
      for (const settle of pending.values()) settle({ kind: 'retry', reason })
    },
    get pendingCount() {
      return pending.size
    },
    get unansweredCount() {
      return unanswered
    },
  }
}

const NOT_ON_WHATSAPP: SendOutcome = {
  kind: 'refused',
  code: 'recipient.not_on_whatsapp',
  reason: 'the number is not on WhatsApp',
}
