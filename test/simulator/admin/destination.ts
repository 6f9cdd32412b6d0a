import { whyNotIn } from '../network/groups/rights.ts'
import type { Network } from '../network/network.ts'
import { type Wording, writeContent } from '../phones/content.ts'
import { type Chat, chatIn, chatWith } from '../phones/sending/writer.ts'
import type { User } from '../store/people/users.ts'
import { STATUS_JID, statusCircle } from '../store/social/circle.ts'
import type { World } from '../store/world.ts'
import { AdminError, readNumber } from './body.ts'

/** The user with a number. Throws an AdminError when there is none; `name` is the member that holds the number. */
export function userOf(world: World, text: string, name: string): User {
  const number = readNumber(text, name)
  const user = world.users.get(number)
  if (user === undefined)
    throw new AdminError(404, `+${number} is not on WhatsApp; POST /phones makes a phone`)
  return user
}

/** `audience`: who sees a status, by number. */
export type Sending = {
  readonly to: string
  readonly wording: Wording
  readonly audience?: readonly string[]
  /** The device that it is written on, where that is not the phone. */
  readonly device?: number | undefined
}

/**
 * Lets a user send a message to a number or into a group, or show it as a status. Gives its id; throws an AdminError about what is wrong with
 * the message or forbids it.
 */
export async function sendInto(
  { world, phones }: Network,
  user: User,
  { to, wording, audience = [], device = 0 }: Sending,
): Promise<{ readonly id: string }> {
  const write = (chat: Chat) => {
    const message = writeContent(wording, phones.writer(user, chat))
    if (typeof message === 'string') throw new AdminError(400, message)
    return message
  }
  if (to === STATUS_JID) {
    const viewers = audience.map(number => userOf(world, number, 'audience').number)
    const circle = statusCircle([...new Set([user.number, ...viewers])])
    return { id: await phones.sendToGroup({ user, device }, circle, write(chatIn(circle))) }
  }
  const group = world.groups.get(to)
  if (group === undefined) {
    const addressee = userOf(world, to, 'to')
    return { id: await phones.send({ user, device }, addressee, write(chatWith(addressee))) }
  }
  const fault = whyNotIn(group, user)
  if (fault !== undefined) throw new AdminError(403, fault)
  return { id: await phones.sendToGroup({ user, device }, group, write(chatIn(group))) }
}
