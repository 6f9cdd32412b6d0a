import { setImmediate as nextTurn } from 'node:timers/promises'
import { decodeBinaryNode, type proto } from '@whiskeysockets/baileys'
import type { Queued } from '../store/mail/queue.ts'
import type { Device } from '../store/people/devices.ts'
import type { User } from '../store/people/users.ts'
import { type Circle, circleAt } from '../store/social/circle.ts'
import type { World } from '../store/world.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { Writer } from './content/kind.ts'
import { uploadAgain } from './media/upload-again.ts'
import type { Enqueue, Phone } from './phone.ts'
import { sendReceipt } from './receiving/receipts.ts'
import { receiveMessage } from './receiving/receive.ts'
import { bootstrapStanzas } from './sending/bootstrap.ts'
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

/** All simulated phones. Each works through its own mailbox in order; a phone that is off lets it fill up. */
export class Phones {
  readonly #deps: PhonesDeps
  readonly #phones = new Map<string, Phone>()
  /** Numbers of phones with something in their mailbox, in the order of their turns. */
  readonly #waiting = new Set<string>()
  #isReading = false
  readonly #attempts = new Map<string, Map<string, number>>()
  readonly #metAnew = new Map<string, Set<string>>()

  constructor(deps: PhonesDeps) {
    this.#deps = deps
  }

  /** Works through a phone's mailbox, unless it is off. Phones take turns, and let the network go first. */
  async wake(number: string): Promise<void> {
    this.#waiting.add(number)
    if (this.#isReading) return
    this.#isReading = true
    try {
      for (const each of this.#waiting) await this.#takeNext(each)
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
  async send(user: User, to: User, message: proto.IMessage): Promise<string> {
    const { db } = this.#deps.world
    const id = await db.unit(() => sendMessage(this.#phone(user), to, message))
    await db.committed()
    return id
  }

  /** The same for a message to a group that the user is in, or to those who see a status. */
  async sendToGroup(user: User, group: Circle, message: proto.IMessage): Promise<string> {
    const { db } = this.#deps.world
    const id = await db.unit(() => sendToGroup(this.#phone(user), group, message))
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

  /** What the phone has to tell a newly linked device. */
  async bootstrap(user: User, device: Device): Promise<readonly Stanza[]> {
    return this.#deps.world.db.unit(() => bootstrapStanzas(this.#phone(user), device))
  }

  /** Sets a phone up anew: other keys, no sessions; what it has received and sent stays for the eyes of tests. */
  reinstall(number: string): void {
    const { world } = this.#deps
    world.phoneKeys.forget(number)
    world.signalKeys.forget(number)
    this.#phones.delete(number)
    this.#metAnew.set(number, new Set())
  }

  forget(): void {
    this.#phones.clear()
    this.#metAnew.clear()
    this.#attempts.clear()
  }

  async #takeNext(number: string): Promise<void> {
    const { world } = this.#deps
    this.#waiting.delete(number)
    const next = world.users.get(number)?.on ? world.queue.next({ number, device: 0 }, 0) : undefined
    if (next === undefined) return
    this.#waiting.add(number)
    await this.#take(number, next)
    await nextTurn()
  }

  async #take(number: string, queued: Queued): Promise<void> {
    const { world } = this.#deps
    const user = world.users.get(number)
    if (user === undefined) return
    const node = await decodeBinaryNode(Buffer.from(queued.stanza))
    await world.db.unit(async () => {
      world.queue.remove(queued.seq)
      try {
        if (queued.kind === 'message') {
          this.#deps.beforeMessage(user)
          await receiveMessage(this.#phone(user), node)
        }
        if (queued.kind === 'receipt' && node.attrs.type === 'retry')
          await resendOnRetry(this.#phone(user), node)
        if (queued.kind === 'receipt' && node.attrs.type === 'server-error')
          uploadAgain(this.#phone(user), node)
      } catch (error) {
        const detail = `+${number} could not take a ${queued.kind}: ${error instanceof Error ? error.message : error}`
        world.tallies.violation({ kind: 'malformed-stanza', detail, at: world.now().toISOString() })
      }
    })
  }

  #phone(user: User): Phone {
    const known = this.#phones.get(user.number)
    if (known?.user === user) return known
    const { world, enqueue, asksAgain } = this.#deps
    const attempts = this.#attempts.get(user.number) ?? new Map<string, number>()
    this.#attempts.set(user.number, attempts)
    const signal = known?.signal ?? createSignalDevice(world, user)
    const metAnew = this.#metAnew.get(user.number)
    const phone = { world, user, signal, enqueue, attempts, asksAgain, metAnew }
    this.#phones.set(user.number, phone)
    return phone
  }
}
