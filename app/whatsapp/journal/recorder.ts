import { setTimeout as sleep } from 'node:timers/promises'
import { PosternError } from '../../lib/error.ts'
import type { Log } from '../../lib/log.ts'
import { step } from '../../lib/step.ts'
import type { Message } from '../../model/message.ts'
import { canPass } from '../../store/database/failures.ts'
import type { JournalEntry } from '../../store/journal.ts'
import type { Store } from '../../store/store.ts'
import type { Reading } from '../inbound/reading.ts'
import { idsOf } from '../inbound/receipt.ts'
import { isResendRequest, resendRequestOf } from '../inbound/resend-request.ts'
import type { Resends } from '../resends.ts'
import { wordsOf } from '../socket/library-log.ts'
import { decodeStanza, type Stanza } from './arrival.ts'
import type { DeviceMail } from './device-mail.ts'
import { InOrder } from './in-order.ts'
import { Lanes } from './lanes.ts'

export type RecorderDeps = {
  readonly account: string
  readonly store: Store
  readonly log: Log
  readonly now: () => Date
  /** How long a message that could not be read may take to come again. */
  readonly unreadMs: number
  /** What an entry comes to; `named` answers once everything ahead of it is recorded. */
  readonly read: (stanza: Stanza, entry: JournalEntry, named: NamedMessages) => Promise<Reading>
  /** Told of each reading that changed something, once that is durable. */
  readonly recorded: (reading: Reading) => void
  /** Takes over what the library works on; it comes over the connection of the moment, or was left by an earlier one. */
  readonly mail: DeviceMail
  /** Takes over what a device has asked an earlier connection to send again. */
  readonly resends: Pick<Resends, 'left'>
}

/** How an entry got here: over the connection of the moment, or from an earlier one. */
type Origin = 'came' | 'left'

export type NamedMessages = (messageId: string) => Promise<readonly Message[]>

/** So many entries share commits; what an entry has to ask about waits for those ahead of it. */
const MAX_UNDER_WAY = 64
const AGAIN_MS = 1_000
/** How long a finished entry answers for a later delivery of the same; the server delivers what lacks its receipt at the next log-in. */
export const KEPT_MS = 7 * 24 * 60 * 60 * 1_000
const PRUNE_EVERY_MS = 60 * 60 * 1_000

/** Turns the journal of one account into messages and events, in the order of arrival and each exactly once. */
export class Recorder {
  readonly #deps: RecorderDeps
  readonly #underWay = new Set<Promise<void>>()
  readonly #aside = new Set<Promise<void>>()
  readonly #lanes = new Lanes()
  readonly #chats: InOrder
  #turn: Promise<void> = Promise.resolve()
  #stopping = false
  /** Something could not be read before the account stopped: what came later stays with it, or would be told before it. */
  #leaving = false
  #pruneAt: number

  constructor(deps: RecorderDeps) {
    this.#deps = deps
    this.#chats = new InOrder({ insist: write => this.#insist(write), onError: error => this.#failed(error) })
    this.#pruneAt = deps.now().getTime() + PRUNE_EVERY_MS
  }

  accept(entry: JournalEntry, origin: Origin = 'came'): void {
    this.#turn = this.#turn.then(() => this.#take(entry, origin))
  }

  /** Takes up what an earlier run left unfinished. */
  async resume(): Promise<void> {
    this.#stopping = false
    this.#leaving = false
    const { account, store, log } = this.#deps
    const entries = await store.journal.unfinished(account)
    if (entries.length > 0) log.info('journal.resumed', { account, entries: entries.length })
    for (const entry of entries) {
      if ('unreadable' in entry) this.#unreadable(entry, entry.unreadable)
      else this.accept(entry, 'left')
    }
  }

  /** Resolves once everything that came so far is recorded, or stays in the journal because it cannot be. */
  async settled(): Promise<void> {
    this.#stopping = true
    await this.#turn
    await Promise.all(this.#aside)
    await this.#drained()
  }

  async #take(entry: JournalEntry, origin: Origin): Promise<void> {
    try {
      const stanza = await decodeStanza(entry.stanza)
      const { node, me } = stanza
      if (isResendRequest(node)) this.#deps.resends.left(entry, resendRequestOf(node, me))
      else if (node.tag === 'receipt') this.#track(this.#aside, entry, this.#takeAside(entry, stanza))
      else await this.#takeInTurn(entry, stanza, origin)
    } catch (error) {
      this.#unreadable(entry, error)
    }
    this.#prune()
  }

  async #takeInTurn(entry: JournalEntry, stanza: Stanza, origin: Origin): Promise<void> {
    const reading = await this.#read(entry, stanza)
    if (reading === undefined) return
    if (reading.forLibrary !== undefined) {
      this.#deps.mail[origin]({ entry, message: reading.forLibrary })
      return
    }
    if (reading.placeholder && this.#waits(entry)) return
    while (this.#underWay.size >= MAX_UNDER_WAY) await Promise.race(this.#underWay)
    this.#track(this.#underWay, entry, this.#record(entry, reading))
  }

  /** Undefined when the account stops before it can be read. */
  async #read(entry: JournalEntry, stanza: Stanza): Promise<Reading | undefined> {
    if (this.#leaving) return undefined
    const reading = await this.#insist(() => this.#deps.read(stanza, entry, this.#named))
    if (reading === undefined) this.#leaving = true
    return reading
  }

  /** A message that could not be read has some time to come again; nobody is told of it before that is over. */
  #waits(entry: JournalEntry): boolean {
    const waitMs = entry.at.getTime() + this.#deps.unreadMs - this.#deps.now().getTime()
    if (waitMs > 0) setTimeout(() => this.accept(entry), waitMs).unref()
    return waitMs > 0
  }

  /** A receipt may have to wait for the outbox, and nothing else waits with it but later ones for the same messages. */
  async #takeAside(entry: JournalEntry, stanza: Stanza): Promise<void> {
    await this.#lanes.run(idsOf(stanza.node), async () => {
      const reading = await this.#read(entry, stanza)
      if (reading !== undefined) await this.#record(entry, reading)
    })
  }

  #track(works: Set<Promise<void>>, entry: JournalEntry, work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch(error => this.#unreadable(entry, error))
      .finally(() => works.delete(tracked))
    works.add(tracked)
  }

  readonly #named: NamedMessages = async messageId => {
    await this.#drained()
    return await this.#deps.store.messages.named(this.#deps.account, messageId)
  }

  async #record(entry: JournalEntry, reading: Reading): Promise<void> {
    const { account, store, now, recorded } = this.#deps
    const { changes, subject, kept } = reading
    step('inbound.before_record')
    const recording = { account, seq: entry.seq, changes, kept, at: now() }
    const changed = await this.#chats.run(chatOf(reading), chain =>
      store.journal.record({
        ...recording,
        ...(subject === undefined ? {} : { subject }),
        ...(chain === undefined ? {} : { chain }),
      }),
    )
    step('inbound.recorded')
    if (changed?.includes(true)) recorded(reading)
  }

  /**
   * A disk that is full or fails is waited for. Undefined when the account stops before: the entry is there at the next
   * start. What no wait mends is thrown, or one entry would hold up all that come after it.
   */
  async #insist<T>(act: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      try {
        return await act()
      } catch (error) {
        if (!canPass(error) && !isOver(error)) throw error
        this.#failed(error)
        if (this.#stopping || isOver(error)) return undefined
        await sleep(AGAIN_MS, undefined, { ref: false })
      }
    }
  }

  /** It stays, and is tried again at the next start, perhaps by a version that can read it. */
  #unreadable({ seq }: Pick<JournalEntry, 'seq'>, error: unknown): void {
    const { account, log } = this.#deps
    log.error('journal.unreadable', { account, seq, reason: wordsOf(error) })
  }

  #failed(error: unknown): void {
    this.#deps.log.error('journal.not_recorded', { account: this.#deps.account, reason: wordsOf(error) })
  }

  async #drained(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  #prune(): void {
    const at = this.#deps.now().getTime()
    if (at < this.#pruneAt) return
    this.#pruneAt = at + PRUNE_EVERY_MS
    this.#deps.store.journal.prune(new Date(at - KEPT_MS)).catch(error => {
      this.#deps.log.error('journal.not_pruned', { account: this.#deps.account, reason: wordsOf(error) })
    })
  }
}

/** The chat that a reading is about, whose order counts; empty for what is about none. */
function chatOf({ changes }: Reading): string {
  const chats = changes.flatMap(change => [
    ...(change.kind === 'message' ? [change.message.chat] : []),
    ...(change.effects.events ?? []).flatMap(({ chat }) => chat ?? []),
  ])
  return chats[0] ?? ''
}

function isOver(error: unknown): boolean {
  return (
    error instanceof PosternError && (error.code === 'store.closed' || error.code === 'store.writer_died')
  )
}
