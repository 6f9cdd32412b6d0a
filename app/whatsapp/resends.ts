import { type Backoff, backoffMs } from '../lib/backoff.ts'
import type { Log } from '../lib/log.ts'
import type { SendOutcome } from '../model/send-port.ts'
import type { JournalEntry } from '../store/journal.ts'
import type { Store } from '../store/store.ts'
import type { ResendRequest } from './inbound/resend-request.ts'
import { failureOf, refusalOf } from './refusals.ts'
import { wordsOf } from './socket/library-log.ts'

/** What of a connection sends a message again. */
export type ResendSocket = {
  /** Resolves when it is written; `unknown` when there is no such message of ours in that chat. */
  sendAgain(request: ResendRequest): Promise<'written' | 'unknown'>
}

export type ResendsDeps = {
  readonly account: string
  readonly store: Store
  readonly log: Log
  readonly now: () => Date
  /** Gives [0, 1). */
  readonly random: () => number
  /** How long the server's ack may take. */
  readonly ackMs: number
}

type Owed = {
  readonly entry: JournalEntry
  readonly request: ResendRequest
  isOver: boolean
  attemptCount: number
  /** While something is expected: an answer of the library's, an ack, the end of a wait. */
  timer?: NodeJS.Timeout | undefined
}

/** As often as WhatsApp's own phones ask for one message. */
const MAX_ASKS = 5
const MAX_COUNTED = 4_000
const MAX_ATTEMPTS = 8
const AGAIN: Backoff = { baseMs: 1_000, maxMs: 60_000 }

/**
 * What an account owes to devices that could not read a message of ours and have asked for it again. The library answers
 * at once, and tells the server that it has taken the request whatever came of that: then nobody asks any more. So each
 * request stays in the journal until the server has acknowledged an answer, and without that the message goes from here.
 */
export class Resends {
  readonly #deps: ResendsDeps
  /** By message id, oldest first: the server acknowledges answers in their order. */
  readonly #owed = new Map<string, readonly Owed[]>()
  readonly #askCounts = new Map<string, number>()
  #socket: ResendSocket | undefined

  constructor(deps: ResendsDeps) {
    this.#deps = deps
  }

  /** A device has asked over the connection of the moment, whose library is about to answer. */
  came(entry: JournalEntry, request: ResendRequest | undefined): void {
    const owed = this.#note(entry, request)
    if (owed !== undefined) this.#attemptIn(owed, this.#deps.ackMs)
  }

  /** A device has asked an earlier connection. */
  left(entry: JournalEntry, request: ResendRequest | undefined): void {
    const owed = this.#note(entry, request)
    if (owed !== undefined) void this.#attempt(owed)
  }

  /** A connection is open: what the last one still owed goes over it. */
  opened(socket: ResendSocket): void {
    this.#socket = socket
    for (const owed of this.#all()) if (owed.timer === undefined) void this.#attempt(owed)
  }

  /** The connection is gone, and nobody knows what became of the answers under way. */
  abandon(): void {
    this.#socket = undefined
    for (const owed of this.#all()) {
      clearTimeout(owed.timer)
      owed.timer = undefined
    }
  }

  /** The server's answer to a message that the outbox does not wait for; `error` is its code of refusal. */
  acknowledged(messageId: string, error?: string): void {
    const owed = this.#owed.get(messageId)?.[0]
    if (owed === undefined) return
    if (error === undefined) this.#finish(owed)
    else this.#failed(owed, refusalOf(error, owed.request.chatJid))
  }

  #all(): readonly Owed[] {
    return [...this.#owed.values()].flat()
  }

  #note(entry: JournalEntry, request: ResendRequest | undefined): Owed | undefined {
    if (request === undefined || this.#isAskedTooOften(request)) {
      this.#record(entry)
      return undefined
    }
    const owed: Owed = { entry, request, isOver: false, attemptCount: 0 }
    const { messageId } = request
    this.#owed.set(messageId, [...(this.#owed.get(messageId) ?? []), owed])
    return owed
  }

  /** Somebody else's device must not have us send without end. */
  #isAskedTooOften({ messageId, device }: ResendRequest): boolean {
    const key = `${messageId} ${device}`
    const count = (this.#askCounts.get(key) ?? 0) + 1
    if (this.#askCounts.size >= MAX_COUNTED) this.#askCounts.clear()
    this.#askCounts.set(key, count)
    return count > MAX_ASKS
  }

  #attemptIn(owed: Owed, ms: number): void {
    clearTimeout(owed.timer)
    if (owed.isOver) return
    owed.timer = setTimeout(() => void this.#attempt(owed), ms).unref()
  }

  async #attempt(owed: Owed): Promise<void> {
    clearTimeout(owed.timer)
    owed.timer = undefined // a wait that ended without a connection must not look like one that goes on
    if (this.#socket === undefined || owed.isOver) return
    if (owed.attemptCount >= MAX_ATTEMPTS) return this.#giveUp(owed, 'no attempt was acknowledged')
    owed.attemptCount += 1
    try {
      if ((await this.#socket.sendAgain(owed.request)) === 'unknown') this.#finish(owed)
      else this.#attemptIn(owed, this.#deps.ackMs)
    } catch (error) {
      this.#failed(owed, failureOf(error, owed.request.chatJid))
    }
  }

  #failed(owed: Owed, outcome: SendOutcome): void {
    if (outcome.kind === 'refused') {
      this.#giveUp(owed, outcome.reason)
      return
    }
    if (outcome.kind === 'retry' && outcome.cutOff) owed.attemptCount -= 1
    this.#attemptIn(owed, backoffMs(owed.attemptCount, AGAIN, this.#deps.random))
  }

  #giveUp(owed: Owed, reason: string): void {
    const { account, log } = this.#deps
    log.warn('whatsapp.not_sent_again', { account, reason })
    this.#finish(owed)
  }

  #finish(owed: Owed): void {
    clearTimeout(owed.timer)
    owed.isOver = true
    const { messageId } = owed.request
    const others = (this.#owed.get(messageId) ?? []).filter(other => other !== owed)
    if (others.length === 0) this.#owed.delete(messageId)
    else this.#owed.set(messageId, others)
    this.#record(owed.entry)
  }

  /** What cannot be recorded is answered once more after the next start. */
  #record({ seq }: JournalEntry): void {
    const { account, store, log, now } = this.#deps
    store.journal.record({ account, seq, changes: [], kept: false, at: now() }).catch(error => {
      log.warn('journal.not_recorded', { account, reason: wordsOf(error) })
    })
  }
}
