import type { Mailbox, QueuedKind } from '../store/mail/queue.ts'
import type { User } from '../store/people/users.ts'
import type { World } from '../store/world.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { SignalDevice } from './signal/signal.ts'

/** Puts a stanza into a device's mailbox; it is delivered once that is durable. */
export type Enqueue = (mailbox: Mailbox, kind: QueuedKind, node: Stanza) => void

/** A way into the network. */
export type Outlet = { readonly world: World; readonly enqueue: Enqueue }

/** A phone at work: who holds it, its Signal side, and its way into the network. */
export type Phone = Outlet & {
  readonly user: User
  readonly signal: SignalDevice
  /** How often it has asked for which message again, since the simulator started. */
  readonly attempts: Map<string, number>
  /** The devices that it has understood since it was set up anew; undefined when it never was. */
  readonly metAnew: Set<string> | undefined
  /** True when a fault keeps this phone from reading a message of this sender. */
  asksAgain(sender: string): boolean
}

/** Every linked device of a user, as mailboxes. */
export function companionsOf(world: World, number: string): readonly Mailbox[] {
  return world.devices.ofUser(number).map(({ id }) => ({ number, device: id }))
}
