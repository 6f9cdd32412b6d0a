import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { type Address, type Addressing, jidOf, parseAddress } from '../../wire/address.ts'
import type { Stanza } from '../../wire/stanza.ts'

/** A stanza as it reaches a phone, its sender looked up. */
export type Incoming = {
  readonly node: Stanza
  readonly id: string
  readonly sender: User
  readonly from: Address
  readonly by: Addressing
}

/** undefined when the sender is no user (any more). */
export function lookUp(world: World, node: Stanza): Incoming | undefined {
  const from = parseAddress(node.attrs.from)
  const sender = userAt(world, from)
  if (from === undefined || sender === undefined) return undefined
  return { node, id: node.attrs.id ?? '', sender, from, by: from.by }
}

export function userAt(world: World, address: Address | undefined): User | undefined {
  if (address === undefined) return undefined
  return address.by === 'lid' ? world.users.byLid(address.user) : world.users.get(address.user)
}

/** Signal sessions are kept by LID, whichever way a stanza names its sender. */
export function peerOf({ sender, from }: Incoming): string {
  return jidOf(sender, 'lid', from.device)
}
