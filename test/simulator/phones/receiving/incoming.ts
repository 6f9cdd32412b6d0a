import type { User } from '../../store/people/users.ts'
import { type Circle, circleAt } from '../../store/social/circle.ts'
import type { World } from '../../store/world.ts'
import { type Address, type Addressing, isCircleJid, jidOf, parseAddress } from '../../wire/address.ts'
import type { Stanza } from '../../wire/stanza.ts'

/** A stanza as it reaches a phone, its sender looked up. */
export type Incoming = {
  readonly node: Stanza
  readonly id: string
  readonly sender: User
  readonly from: Address
  readonly by: Addressing
  /** The group that it came to, or the viewers of a status; undefined in a chat of two. */
  readonly group?: Circle | undefined
}

/** undefined when the sender is no user (any more). */
export function lookUp(world: World, node: Stanza): Incoming | undefined {
  const isInGroup = isCircleJid(node.attrs.from)
  const from = parseAddress(isInGroup ? node.attrs.participant : node.attrs.from)
  const sender = userAt(world, from)
  if (from === undefined || sender === undefined) return undefined
  const group = isInGroup ? circleAt(world, node.attrs.from) : undefined
  return { node, id: node.attrs.id ?? '', sender, from, by: from.by, group }
}

export function userAt(world: World, address: Address | undefined): User | undefined {
  if (address === undefined) return undefined
  return address.by === 'lid' ? world.users.byLid(address.user) : world.users.get(address.user)
}

/** Signal sessions are kept by LID, whichever way a stanza names its sender. */
export function peerOf({ sender, from }: Incoming): string {
  return jidOf(sender, 'lid', from.device)
}
