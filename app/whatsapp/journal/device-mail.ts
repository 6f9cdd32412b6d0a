import type { WAMessage } from '@whiskeysockets/baileys'
import type { Log } from '../../lib/log.ts'
import type { Message } from '../../model/message.ts'
import type { JournalEntry } from '../../store/journal.ts'
import type { Store } from '../../store/store.ts'
import { wordsOf } from '../socket/library-log.ts'

/** What of a connection works on messages between the account's own devices. */
export type DeviceSocket = {
  /** Resolves once the library has worked on every message that it has read so far. */
  worked(): Promise<void>
  /** Lets the library work on a message that it read before. */
  workOn(message: WAMessage): Promise<void>
}

export type DeviceMailDeps = {
  readonly account: string
  readonly store: Store
  readonly log: Log
  readonly now: () => Date
  /** The connection of the moment. */
  readonly socket: () => DeviceSocket | undefined
  /** A message from before the account was linked, in our form; undefined when it is none. */
  readonly readPast: (message: WAMessage) => Promise<Message | undefined>
}

type Mail = { readonly entry: JournalEntry; readonly message: WAMessage }

const MOST_AT_ONCE = 100

/**
 * What the account's phone tells this device: histories, keys of the app state. The library works on it after the receipt
 * has left, so an entry is finished only when it has; until then the next connection gives it to the library again.
 */
export class DeviceMail {
  readonly #deps: DeviceMailDeps
  #waiting: Mail[] = []
  #imported: Promise<unknown> = Promise.resolve()

  constructor(deps: DeviceMailDeps) {
    this.#deps = deps
  }

  /** Something has come over the connection of the moment, whose library is at work on it. */
  came(mail: Mail): void {
    const socket = this.#deps.socket()
    if (socket === undefined) this.left(mail)
    else void this.#follow(mail, { socket, work: socket.worked() })
  }

  /** Something was left by an earlier connection. */
  left(mail: Mail): void {
    this.#waiting.push(mail)
  }

  /** A connection is open: it takes up what was left. */
  opened(socket: DeviceSocket): void {
    for (const mail of this.#waiting.splice(0)) {
      void this.#follow(mail, { socket, work: socket.workOn(mail.message) })
    }
  }

  /** A history has told messages: they are kept, and nobody is told of them. */
  told(past: readonly WAMessage[]): void {
    const before = this.#imported.catch(() => undefined)
    this.#imported = before.then(() => this.#import(past))
    this.#imported.catch(error => this.#failed(error))
  }

  async #follow(mail: Mail, { socket, work }: { socket: DeviceSocket; work: Promise<void> }): Promise<void> {
    const { account, store, now } = this.#deps
    try {
      await work
      await this.#imported
      if (this.#deps.socket() !== socket) throw new Error('the connection ended before the library had done')
      const { seq } = mail.entry
      await store.journal.record({ account, seq, changes: [], kept: true, at: now() })
    } catch (error) {
      this.#failed(error)
      this.left(mail)
    }
  }

  async #import(past: readonly WAMessage[]): Promise<void> {
    const messages: Message[] = []
    for (const each of past) {
      const message = await this.#deps.readPast(each)
      if (message !== undefined) messages.push(message)
    }
    messages.sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())
    for (let start = 0; start < messages.length; start += MOST_AT_ONCE) {
      await this.#deps.store.messages.import(messages.slice(start, start + MOST_AT_ONCE))
    }
  }

  #failed(error: unknown): void {
    const { account, log } = this.#deps
    log.warn('journal.device_mail_waits', { account, reason: wordsOf(error) })
  }
}
