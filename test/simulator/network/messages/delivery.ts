import { isPlayed } from '../../phones/phone.ts'
import type { Mailbox, QueuedKind } from '../../store/mail/queue.ts'
import type { World } from '../../store/world.ts'
import { bytesOf, children, type Stanza, stanza } from '../../wire/stanza.ts'
import type { Client } from '../client.ts'
import type { Clients } from '../clients.ts'
import type { Faults } from '../faults/faults.ts'

export type DeliveryDeps = {
  readonly world: World
  readonly clients: Clients
  readonly faults: Faults
  /** A phone, or a companion that the simulator plays, has something to read. */
  wake(mailbox: Mailbox): void
  /** A message has gone to a device of the account. */
  messagePassed(client: Client, number: string): void
}

/** A message held back by `reorder` goes after the next one, or when none has come for so long. */
const HELD_MS = 1_000

/**
 * Takes stanzas to devices: into the mailbox first, on to the device when that is durable and it is there.
 */
export class Delivery {
  readonly #deps: DeliveryDeps

  constructor(deps: DeliveryDeps) {
    this.#deps = deps
  }

  enqueue(mailbox: Mailbox, kind: QueuedKind, node: Stanza): void {
    const { queue, db } = this.#deps.world
    const seq = queue.put(mailbox, { kind, node })
    void db.committed().then(() => this.#handOver(mailbox, seq, node))
  }

  /**
   * Gives a device that has just come online all it missed: a count, the stanzas marked as old, then the word that
   * these were all. What its own phone tells it comes behind that word: an unmodified Baileys that takes its
   * history sooner waits for it nonetheless, for twenty seconds. From here on it gets stanzas as they come.
   */
  flush(client: Client, mailbox: Mailbox): void {
    const waiting = client.isDeaf ? [] : this.#deps.world.queue.list(mailbox)
    const count = (kind: QueuedKind) => String(waiting.filter(queued => queued.kind === kind).length)
    const total = String(waiting.length)
    const kinds = {
      message: count('message'),
      receipt: count('receipt'),
      notification: count('notification'),
    }
    client.send(stanza('ib', {}, [stanza('offline_preview', { count: total, ...kinds, appdata: '0' })]))
    const sendOld = (node: Stanza) => client.send({ ...node, attrs: { ...node.attrs, offline: '0' } })
    for (const { node } of waiting) if (!isPeer(node)) sendOld(node)
    client.deliveredSeq = waiting.at(-1)?.seq ?? 0
    client.send(stanza('ib', {}, [stanza('offline', { count: total })]))
    for (const { node } of waiting) if (isPeer(node)) sendOld(node)
    client.isReady = true
  }

  #handOver(mailbox: Mailbox, seq: number, node: Stanza): void {
    if (this.#deps.world.db.isClosed) return
    if (isPlayed(this.#deps.world, mailbox)) {
      this.#deps.wake(mailbox)
      return
    }
    const client = this.#deps.clients.of(mailbox)
    if (client === undefined || !client.isReady || client.isDeaf || seq <= client.deliveredSeq) return
    client.deliveredSeq = seq
    if (node.tag === 'message' && !isPeer(node)) this.#handOverMessage(client, mailbox.number, node)
    else {
      client.send(node)
      client.sendHeld()
    }
  }

  #handOverMessage(client: Client, number: string, message: Stanza): void {
    const { faults, messagePassed } = this.#deps
    const whole = faults.fires('withheld', number) === undefined ? message : withheld(message)
    const node = faults.fires('unreadable', number) === undefined ? whole : damaged(whole)
    if (faults.fires('reorder', number) !== undefined) {
      client.held.push(node)
      setTimeout(() => client.sendHeld(), HELD_MS).unref()
      return
    }
    client.send(node)
    client.sendHeld()
    if (faults.fires('duplicate', number) !== undefined) client.send(node)
    messagePassed(client, number)
  }
}

/** What a phone tells its companion about the account, no message that anybody wrote: faults leave it alone. */
export function isPeer({ attrs }: Stanza): boolean {
  return attrs.category === 'peer'
}

const FROM_THE_END = 10

/** The message as a device gets it that may not show what it says: to be looked at once, on the phone. */
function withheld(message: Stanza): Stanza {
  const rest = children(message).filter(({ tag }) => tag !== 'enc')
  return { ...message, content: [...rest, stanza('unavailable', { type: 'view_once' })] }
}

/** The message with a bit turned over in each of its ciphertexts. */
function damaged(message: Stanza): Stanza {
  const content = children(message).map(part => {
    const sealed = part.tag === 'enc' ? bytesOf(part) : undefined
    if (sealed === undefined || sealed.length < FROM_THE_END) return part
    sealed.writeUInt8(sealed.readUInt8(sealed.length - FROM_THE_END) ^ 1, sealed.length - FROM_THE_END)
    return { ...part, content: sealed }
  })
  return { ...message, content }
}
