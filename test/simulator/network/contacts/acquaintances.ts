import { clientsOf } from '../../phones/phone.ts'
import type { Mailbox } from '../../store/mail/queue.ts'
import type { World } from '../../store/world.ts'

/** The linked devices of everybody who has written to a number, or heard from it, or shares a group with it. */
export function devicesOfAcquaintances(world: World, number: string): readonly Mailbox[] {
  const fromGroups = world.groups.ofMember(number).flatMap(({ members }) => members.map(each => each.number))
  const fromChats = [...world.inbox.chatsWith(number), ...world.sent.chatsWith(number)]
  const known = new Set([...fromGroups, ...fromChats])
  known.delete(number)
  return [...known].flatMap(each => clientsOf(world, each))
}
