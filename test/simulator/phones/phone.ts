import type { Mailbox, QueuedKind } from '../store/mail/queue.ts'
import type { User } from '../store/people/users.ts'
import type { World } from '../store/world.ts'
import { type Addressing, jidOf } from '../wire/address.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { SignalDevice } from './signal/signal.ts'

/** Puts a stanza into a device's mailbox; it is delivered once that is durable. */
export type Enqueue = (mailbox: Mailbox, kind: QueuedKind, node: Stanza) => void

/** A way into the network. */
export type Outlet = { readonly world: World; readonly enqueue: Enqueue }

/**
 * A phone at work, or a companion that the simulator plays: who holds it, its Signal side, and its way into the network.
 */
export type Phone = Outlet & {
  readonly user: User
  /** 0 for the phone itself. */
  readonly device: number
  /** What its keys and messages are kept under. */
  readonly box: string
  readonly signal: SignalDevice
  /** How often it has asked for which message again, since the simulator started. */
  readonly attempts: Map<string, number>
  /** The devices that it has understood since it was set up anew, or began to read again; undefined when it never was. */
  readonly metAnew: Set<string> | undefined
  /** True when a fault keeps this phone from reading a message of this sender. */
  asksAgain(sender: string): boolean
}

/** Every linked device of a user, as mailboxes. */
export function companionsOf(world: World, number: string): readonly Mailbox[] {
  return world.devices.ofUser(number).map(({ id }) => ({ number, device: id }))
}

/** The linked devices of a user that are somebody else's programs. */
export function clientsOf(world: World, number: string): readonly Mailbox[] {
  const clients = world.devices.ofUser(number).filter(({ isSimulated }) => !isSimulated)
  return clients.map(({ id }) => ({ number, device: id }))
}

/** Every device of a user that a message of this phone goes to. */
export function othersOf({ world, user, device }: Phone, number: string): readonly Mailbox[] {
  const all = [{ number, device: 0 }, ...companionsOf(world, number)]
  return all.filter(mailbox => number !== user.number || mailbox.device !== device)
}

/** True for a phone, and for a companion that the simulator plays. */
export function isPlayed(world: World, { number, device }: Mailbox): boolean {
  return device === 0 || world.devices.get(number, device)?.isSimulated === true
}

/** What a phone calls itself. */
export function ownJid({ user, device }: Phone, by: Addressing): string {
  return jidOf(user, by, device)
}
