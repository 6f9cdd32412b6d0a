import { proto } from '@whiskeysockets/baileys'
import type { User } from '../store/people/users.ts'
import type { World } from '../store/world.ts'
import { type Addressing, jidOf } from '../wire/address.ts'
import type { Known } from './content/kind.ts'

/** A message that the phone of a user has sent, has learned that a linked device sent, or has received. */
export function findKnown(
  world: World,
  user: User,
  { id, by = 'pn' }: { id: string; by?: Addressing },
): Known | undefined {
  const own = world.sent.find(user.number, id)
  if (own !== undefined) {
    return { id, isOwn: true, author: jidOf(user, by), message: proto.Message.decode(own.message) }
  }
  const other = world.received.find(user.number, id)
  const sender = other === undefined ? undefined : world.users.get(other.sender)
  if (other === undefined || sender === undefined) return undefined
  return { id, isOwn: false, author: jidOf(sender, by), message: proto.Message.decode(other.message) }
}
