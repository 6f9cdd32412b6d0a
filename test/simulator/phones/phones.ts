import { setImmediate as nextTurn } from 'node:timers/promises'
import type { proto } from '@whiskeysockets/baileys'
import { boxOf, type Mailbox, type Queued } from '../store/mail/queue.ts'
import type { Device } from '../store/people/devices.ts'
import type { User } from '../store/people/users.ts'
import { type Circle, circleAt } from '../store/social/circle.ts'
import type { World } from '../store/world.ts'
import type { Writer } from './content/kind.ts'
import { uploadAgain } from './media/upload-again.ts'
import { type Enqueue, isPlayed, type Phone } from './phone.ts'
import { sendReceipt } from './receiving/receipts.ts'
import { receiveMessage } from './receiving/receive.ts'
import { bootstrap, rotateStateKey } from './sending/bootstrap.ts'
import { sendToGroup } from './sending/group.ts'
import { resendOnRetry } from './sending/resend.ts'
import { sendMessage } from './sending/send.ts'
import { type Chat, writerOf } from './sending/writer.ts'
import { createSignalDevice } from './signal/signal.ts'

export type PhonesDeps = {
  readonly world: World
  readonly enqueue: Enqueue
  /** True when a fault keeps a phone from reading a message of this sender. */
  asksAgain(sender: string): boolean
  /** Lets faults happen to a phone that is about to read a message. */
  beforeMessage(user: User): void
  /** What the media host is called, as the beginning of a URL. */
  mediaOrigin(): string
}

/** Who writes a message, and on which device; absent is the phone. */
export type Sender = { readonly user: User; readonly device?: number }

/**
 * All simulated phones, and the companions that the simulator plays. Each works through its own mailbox in order; a
 * phone that is off lets it fill up.
 */
export class Phones {
  readonly #deps: PhonesDeps
  readonly #phones = new Map<string, Phone>()
  /** Mailboxes with something in them, in the order of their turns. */
  readonly #waiting = new Map<string, Mailbox>()
  #isReading = false
  readonly #attempts = new Map<string, Map<string, number>>()
  readonly #metAnew = new Map<string, Set<string>>()

  constructor(deps: PhonesDeps) {
    this.#deps = deps
  }

  /** Works through a mailbox, unless its phone is off. Phones take turns, and let the network go first. */
  async wake(mailbox: Mailbox): Promise<void> {
    this.#waiting.set(boxOf(mailbox), mailbox)
    if (this.#isReading) return
    this.#isReading = true
    try {
      for (const each of this.#waiting.values()) await this.#takeNext(each)
    } catch (error) {
      if (!this.#deps.world.db.isClosed) throw error // a simulator being stopped drops what it was at; it is queued
    } finally {
      this.#isReading = false
    }
  }

  /** What a phone writes its messages in a chat with. */
  writer(user: User, chat: Chat): Writer {
    const { world, mediaOrigin } = this.#deps
    return writerOf(world, user, { ...chat, mediaOrigin: mediaOrigin() })
  }

  /** Resolves with the id once the message is durable in every mailbox. */
  async send(sender: Sender, to: User, message: proto.IMessage): Promise<string> {
    const { db } = this.#deps.world
    const id = await db.unit(() => sendMessage(this.#phone(sender.user, sender.device), to, message))
    await db.committed()
    return id
  }

  /** The same for a message to a group that the user is in, or to those who see a status. */
  async sendToGroup(sender: Sender, group: Circle, message: proto.IMessage): Promise<string> {
    const { db } = this.#deps.world
    const id = await db.unit(() => sendToGroup(this.#phone(sender.user, sender.device), group, message))
    await db.committed()
    return id
  }

  /** Sends read receipts for messages in the phone's inbox. */
  async read(user: User, ids: readonly string[]): Promise<void> {
    const { world } = this.#deps
    for (const id of ids) {
      const known = world.inbox.find(user.number, id)
      const sender = world.users.get(known?.entry.from.slice(1) ?? '')
      const group = circleAt(world, known?.entry.chat)
      if (known && sender) sendReceipt(this.#phone(user), 'read', { id, sender, by: known.by, group })
    }
    await world.db.committed()
  }

  /** Lets the phone tell a newly linked device what it has to know, once. */
  async bootstrap(user: User, device: Device): Promise<void> {
    const { db } = this.#deps.world
    await db.unit(() => bootstrap(this.#phone(user), device))
    await db.committed()
  }

  /** Lets the phone make a new key for the app state and hand it to its companions. */
  async rotateStateKey(user: User): Promise<void> {
    const { db } = this.#deps.world
    await db.unit(() => rotateStateKey(this.#phone(user)))
    await db.committed()
  }

  /**
   * Lets a phone and the companions beside it open what comes, or leave it sealed. What cannot be read because of what was
   * left sealed before is nobody's fault.
   */
  setReading({ number }: User, reads: boolean): void {
    const { world } = this.#deps
    const isAnew = reads && !world.profiles.of(number).reads
    world.profiles.change(number, { reads })
    if (!isAnew) return
    for (const device of [0, ...world.devices.ofUser(number).map(({ id }) => id)]) {
      const box = boxOf({ number, device })
      this.#metAnew.set(box, new Set())
      this.#phones.delete(box)
    }
  }

  /** Sets a phone up anew: other keys, no sessions; what it has received and sent stays for the eyes of tests. */
  reinstall(number: string): void {
    this.forgetDevice({ number, device: 0 })
    this.#metAnew.set(number, new Set())
  }

  /** Forgets the keys and sessions of a phone or companion. */
  forgetDevice(mailbox: Mailbox): void {
    const { world } = this.#deps
    const box = boxOf(mailbox)
    world.phoneKeys.forget(box)
    world.signalKeys.forget(box)
    this.#phones.delete(box)
  }

  forget(): void {
    this.#phones.clear()
    this.#metAnew.clear()
    this.#attempts.clear()
  }

  async #takeNext(mailbox: Mailbox): Promise<void> {
    const { world } = this.#deps
    const box = boxOf(mailbox)
    this.#waiting.delete(box)
    const isOn = mailbox.device === 0 ? world.users.get(mailbox.number)?.on : isPlayed(world, mailbox)
    const next = isOn ? world.queue.next(mailbox) : undefined
    if (next === undefined) return
    this.#waiting.set(box, mailbox)
    await this.#take(mailbox, next)
    await nextTurn()
  }

  async #take({ number, device }: Mailbox, queued: Queued): Promise<void> {
    const { world } = this.#deps
    const user = world.users.get(number)
    if (user === undefined) return
    const { node } = queued
    await world.db.unit(async () => {
      world.queue.remove(queued)
      try {
        if (queued.kind === 'message') {
          if (device === 0) this.#deps.beforeMessage(user)
          await receiveMessage(this.#phone(user, device), node)
        }
        if (queued.kind === 'receipt' && node.attrs.type === 'retry')
          await resendOnRetry(this.#phone(user, device), node)
        if (queued.kind === 'receipt' && node.attrs.type === 'server-error')
          uploadAgain(this.#phone(user, device), node)
      } catch (error) {
        const detail = `+${number} could not take a ${queued.kind}: ${error instanceof Error ? error.message : error}`
        world.tallies.violation({ kind: 'malformed-stanza', detail, at: world.now().toISOString() })
      }
    })
  }

  #phone(user: User, device = 0): Phone {
    const box = boxOf({ number: user.number, device })
    const known = this.#phones.get(box)
    if (known?.user === user) return known
    const { world, enqueue, asksAgain } = this.#deps
    const attempts = this.#attempts.get(box) ?? new Map<string, number>()
    this.#attempts.set(box, attempts)
    const signal = known?.signal ?? createSignalDevice(world, box)
    const metAnew = this.#metAnew.get(box)
    const phone = { world, user, device, box, signal, enqueue, attempts, asksAgain, metAnew }
    this.#phones.set(box, phone)
    return phone
  }
}
