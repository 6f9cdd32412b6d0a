import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { type Addressing, jidOf } from '../../wire/address.ts'
import { type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import type { Client } from '../client.ts'

/** What a phone has noticed of somebody: that they type, or have gone. */
export type Sign = {
  /** A number with `+`. */
  readonly from: string
  /** That number, or a group's JID. */
  readonly chat: string
  readonly state: string
  readonly at: string
}

type Subscription = { readonly client: Client; readonly by: Addressing }

const MAX_SIGNS = 100

/** Who is there, who wants to know, and what phones have noticed. In memory alone, as it is of the moment. */
export class Presences {
  readonly #world: World
  readonly #since = new Map<string, { available: boolean; at: Date }>()
  readonly #subscriptions = new Map<string, Map<Client, Subscription>>()
  readonly #signs = new Map<string, Sign[]>()

  constructor(world: World) {
    this.#world = world
  }

  isAvailable(number: string): boolean {
    return this.#since.get(number)?.available ?? false
  }

  /** Notes that somebody is there or gone, and tells those who asked. */
  set(user: User, available: boolean): void {
    this.#since.set(user.number, { available, at: this.#world.now() })
    for (const subscription of this.#subscriptions.get(user.number)?.values() ?? []) {
      this.#tell(user, subscription)
    }
  }

  /** A client wants to know about a user from now on, and what is known already. */
  subscribe(client: Client, user: User, by: Addressing): void {
    const subscriptions = this.#subscriptions.get(user.number) ?? new Map<Client, Subscription>()
    this.#subscriptions.set(user.number, subscriptions.set(client, { client, by }))
    if (this.#since.has(user.number)) this.#tell(user, { client, by })
  }

  /** Forgets a connection that has ended. */
  drop(client: Client): void {
    for (const subscriptions of this.#subscriptions.values()) subscriptions.delete(client)
    const user = client.account?.user
    if (user !== undefined && this.isAvailable(user.number)) this.set(user, false)
  }

  notice(number: string, sign: Sign): void {
    this.#signs.set(number, [...(this.#signs.get(number) ?? []), sign].slice(-MAX_SIGNS))
  }

  /** The last hundred signs that a phone has noticed. */
  noticedBy(number: string): readonly Sign[] {
    return this.#signs.get(number) ?? []
  }

  clear(): void {
    for (const map of [this.#since, this.#subscriptions, this.#signs]) map.clear()
  }

  #tell(user: User, { client, by }: Subscription): void {
    const known = this.#since.get(user.number)
    const watcher = client.account?.user.number ?? ''
    const { privacy, blocked } = this.#world.profiles.of(user.number)
    if (known === undefined || blocked.includes(watcher)) return
    const last = privacy.last === 'none' ? 'deny' : seconds(known.at)
    const gone = known.available ? {} : { type: 'unavailable', last }
    if (known.available && privacy.online !== 'all') return
    client.send(presenceOf(user, by, gone))
  }
}

function presenceOf(user: User, by: Addressing, more: Readonly<Record<string, string>>): Stanza {
  return stanza('presence', { from: jidOf(user, by), ...more })
}
