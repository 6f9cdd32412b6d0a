import type { Message, OutgoingContent } from './message.ts'
import type { SendFailureCode } from './send-failure.ts'

/** What the outbox hands to WhatsApp. */
export type SendOrder = Pick<
  Message,
  'account' | 'chat' | 'messageId' | 'createdAt' | 'audience' | 'secret'
> & {
  /** The number of the account when the message was asked for, where it was known: from another it is not sent. */
  readonly from?: string
  readonly content: OutgoingContent
}

/**
 * What one attempt came to. `acked` only when WhatsApp's server acknowledged the message; `retry` when nobody knows
 * (no ack in time, socket gone) or when the next may do better: the same message id goes again; `refused` for good.
 */
export type SendOutcome =
  | { readonly kind: 'acked'; readonly at: Date }
  | {
      readonly kind: 'retry'
      readonly reason: string
      /** The server asks to be left alone for a while. */
      readonly patient?: boolean
      /** The connection ended under it, or there was none: that says nothing about the message. */
      readonly cutOff?: boolean
      /** So many attempts that came to this are enough: then the message has failed. */
      readonly giveUp?: { readonly code: SendFailureCode; readonly afterAttempts: number }
    }
  | { readonly kind: 'refused'; readonly code: SendFailureCode; readonly reason: string }
  /** Nothing was sent: who the recipient is has turned out only now, and the policy may say something else to that. */
  | { readonly kind: 'ask-again' }

/** The way out to WhatsApp. Never throws: every failure of the far side is an outcome. */
export type SendPort = {
  send(order: SendOrder): Promise<SendOutcome>
  /** Names of accounts whose session is open and may send now. */
  openAccounts(): readonly string[]
  /** Called whenever an account becomes able to send. */
  onOpen(listener: (account: string) => void): void
}
