import type { WAMessage } from '@whiskeysockets/baileys'
import type { Log } from '../lib/log.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Meter } from '../model/meter.ts'
import type { SendOrder, SendOutcome } from '../model/send-port.ts'
import type { JournalEntry } from '../store/journal.ts'
import type { Store } from '../store/store.ts'
import { pastMessageOf } from './inbound/history.ts'
import { readArrival } from './inbound/read.ts'
import type { Reader, Reading } from './inbound/reading.ts'
import type { Receipt } from './inbound/receipt.ts'
import { isResendRequest, resendRequestOf } from './inbound/resend-request.ts'
import type { Me, Stanza } from './journal/arrival.ts'
import { DeviceMail } from './journal/device-mail.ts'
import { type NamedMessages, Recorder } from './journal/recorder.ts'
import { createNames, type Names } from './names.ts'
import { Files, type FilesDeps } from './outbound/files.ts'
import { createRecipients, type Recipients } from './recipients.ts'
import { Resends } from './resends.ts'
import { createSender, type Sender } from './send.ts'
import { wordsOf } from './socket/library-log.ts'
import type { Socket } from './socket/open.ts'
import type { LidLookup } from './translate.ts'

export type TrafficDeps = {
  readonly account: string
  readonly store: Store
  readonly route: RouteEvent
  readonly hear?: Reader['hear']
  readonly library: FilesDeps['library']
  readonly log: Log
  readonly meter: Meter
  readonly now: () => Date
  /** Gives [0, 1). */
  readonly random: () => number
  readonly ackMs: number
  readonly unreadMs: number
  readonly markRead: () => boolean
  readonly rejectCalls: () => boolean
  readonly lookup: LidLookup
  /** The account's own addresses, once it is linked. */
  readonly me: () => Me | undefined
  /** The connection of the moment. */
  readonly socket: () => Socket | undefined
}

const MAX_UNANSWERED = 3
const TELL_RESTRICTED_MS = 60 * 60 * 1_000

/** The messages of one account, whichever socket carries them: out, in, and what is reported about them. */
export class Traffic {
  readonly #deps: TrafficDeps
  readonly #recipients: Recipients
  readonly #names: Names
  readonly #sender: Sender
  readonly #recorder: Recorder
  readonly #mail: DeviceMail
  readonly #resends: Resends
  #toldRestrictedAt = 0

  constructor(deps: TrafficDeps) {
    const { account, store, route, hear, log, now, random, ackMs, lookup } = deps
    this.#deps = deps
    this.#recipients = createRecipients({ account, store, log, now })
    this.#names = createNames({ account, store, route, log })
    const files = new Files({ account, store, library: deps.library, now })
    this.#sender = createSender({ store, recipients: this.#recipients, files, now, ackTimeoutMs: ackMs })
    const reader = (me: Me, at: Date, named: NamedMessages) => ({
      ...{ account, me, at, lookup, route, named },
      ...(hear && { hear }),
    })
    this.#mail = new DeviceMail({
      ...{ account, store, log, now, socket: deps.socket },
      async readPast(message) {
        const me = deps.me()
        const named: NamedMessages = messageId => store.messages.named(account, messageId)
        return me === undefined ? undefined : await pastMessageOf(message, reader(me, now(), named))
      },
    })
    this.#resends = new Resends({ account, store, log, now, random, ackMs })
    this.#recorder = new Recorder({
      ...{ account, store, log, now, mail: this.#mail, resends: this.#resends, unreadMs: deps.unreadMs },
      read: (stanza, entry, named) => readArrival(stanza, entry, reader(stanza.me, entry.at, named)),
      recorded: reading => this.#recorded(reading),
    })
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
    if (socket === undefined) return { kind: 'retry', reason: 'the account is not connected', cutOff: true }
    const outcome = await this.#sender.send(order, socket)
    const { account, meter } = this.#deps
    if (outcome.kind === 'acked') meter.messages(account, 'out', 1)
    if (outcome.kind === 'refused' && outcome.code === 'account.restricted') this.#restricted(outcome.reason)
    return outcome
  }

  acknowledged(messageId: string, error: string | undefined): void {
    if (!this.#sender.acknowledged(messageId, error)) this.#resends.acknowledged(messageId, error)
  }

  /** A phone that has the message proves an ack that got lost. */
  reported(receipt: Receipt): void {
    for (const id of receipt.messageIds) this.#sender.acknowledged(id)
  }

  /** Something has come and is durable: what it comes to follows. */
  arrived(entry: JournalEntry, { node, me }: Stanza): void {
    if (isResendRequest(node)) this.#resends.came(entry, resendRequestOf(node, me))
    else this.#recorder.accept(entry)
  }

  /** Takes up what came before a restart and was not recorded. */
  resume(): Promise<void> {
    return this.#recorder.resume()
  }

  /** A connection is open: what was left for it goes there. */
  opened(): void {
    const socket = this.#deps.socket()
    if (socket === undefined) return
    this.#mail.opened(socket)
    this.#resends.opened(socket)
  }

  /** A history has told these messages. */
  past(messages: readonly WAMessage[]): void {
    this.#mail.told(messages)
  }

  /** The socket is gone: nobody knows what became of the sends under way. */
  abandon(reason: string): void {
    this.#sender.abandon(reason)
    this.#resends.abandon()
  }

  /** Resolves once everything heard so far is recorded. */
  settled(): Promise<void> {
    return this.#recorder.settled()
  }

  /** The owner should hear of it at once, and not with every message that meets it. */
  #restricted(detail: string): void {
    const { account, store, route, log, now } = this.#deps
    const at = now().getTime()
    if (at - this.#toldRestrictedAt < TELL_RESTRICTED_MS) return
    this.#toldRestrictedAt = at
    const data = { account, reason: 'account_restricted', detail }
    store.events.append({ events: [route({ type: 'security.alert', account, data })] }).catch(error => {
      log.error('whatsapp.not_recorded', { account, reason: wordsOf(error) })
    })
  }

  #recorded({ incoming, ringing }: Reading): void {
    if (ringing !== undefined) this.#answer(ringing)
    if (incoming === undefined) return
    const { account, log, meter, markRead, socket } = this.#deps
    meter.messages(account, 'in', 1)
    this.#recipients.wrote(incoming.from)
    if (incoming.name !== undefined) this.#names.heard(incoming.from, incoming.name)
    if (!markRead()) return
    socket()
      ?.markRead([incoming.key])
      .catch(error => log.warn('whatsapp.not_marked_read', { account, reason: wordsOf(error) }))
  }

  /** Nobody is here who could talk. */
  #answer(ringing: NonNullable<Reading['ringing']>): void {
    const { account, log, rejectCalls, socket } = this.#deps
    if (!rejectCalls()) return
    socket()
      ?.rejectCall(ringing)
      .catch(error => log.warn('whatsapp.call_not_rejected', { account, reason: wordsOf(error) }))
  }
}
