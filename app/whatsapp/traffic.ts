import type { WAMessage } from '@whiskeysockets/baileys'
import type { SendOrder, SendOutcome } from '../model/send-port.ts'
import { createReceipts, type Receipts } from './receipts.ts'
import { createReceiver, type Receiver, type ReceiverDeps } from './receive.ts'
import { createRecipients, type Recipients } from './recipients.ts'
import { createSender, type Sender } from './send.ts'
import type { Socket } from './socket/open.ts'
import type { Receipt } from './translate.ts'

export type TrafficDeps = ReceiverDeps & {
  readonly ackMs: number
  readonly markRead: () => boolean
}

const MAX_UNANSWERED = 3

/** The messages of one account, whichever socket carries them: out, in, and what is reported about them. */
export class Traffic {
  readonly #markRead: () => boolean
  readonly #recipients: Recipients
  readonly #sender: Sender
  readonly #receiver: Receiver
  readonly #receipts: Receipts

  constructor(deps: TrafficDeps) {
    const { store, now, ackMs } = deps
    this.#markRead = deps.markRead
    this.#recipients = createRecipients(now)
    this.#sender = createSender({ store, recipients: this.#recipients, now, ackTimeoutMs: ackMs })
    this.#receiver = createReceiver(deps)
    this.#receipts = createReceipts(deps)
  }

  /** False while sends are under way. */
  get idle(): boolean {
    return this.#sender.pendingCount === 0
  }

  /** False once several sends in a row were left without an answer. */
  get answered(): boolean {
    return this.#sender.unansweredCount < MAX_UNANSWERED
  }

  async send(order: SendOrder, socket: Socket | undefined): Promise<SendOutcome> {
    if (socket === undefined) return { kind: 'retry', reason: 'the account is not connected' }
    return await this.#sender.send(order, socket)
  }

  acknowledged(messageId: string, error: string | undefined): void {
    this.#sender.acknowledged(messageId, error)
  }

  async reported(receipt: Receipt): Promise<void> {
    // A phone that has the message proves an ack that got lost.
    for (const id of receipt.messageIds) this.#sender.acknowledged(id)
    await this.#receipts.record(receipt)
  }

  async received(stanzas: readonly WAMessage[], socket: Socket | undefined): Promise<void> {
    const fresh = await this.#receiver.record(stanzas, socket?.lidLookup ?? (async () => null))
    for (const incoming of fresh) this.#recipients.wrote(incoming.from)
    if (fresh.length > 0 && this.#markRead()) await socket?.markRead(stanzas.map(stanza => stanza.key))
  }

  /** The socket is gone: nobody knows what became of the sends under way. */
  abandon(reason: string): void {
    this.#sender.abandon(reason)
  }

  /** Resolves once everything heard so far is recorded. */
  async settled(): Promise<void> {
    await Promise.all([this.#receiver.settled(), this.#receipts.settled()])
  }
}
