import { proto } from '@whiskeysockets/baileys'
import type { SentStatus } from '../../store/mail/sent.ts'
import type { User } from '../../store/people/users.ts'
import { STATUS_JID } from '../../store/social/circle.ts'
import type { World } from '../../store/world.ts'

/** A message as a phone has kept it. */
export type Said = {
  readonly id: string
  /** Who has written it. */
  readonly author: User
  readonly isOwn: boolean
  readonly message: proto.IMessage
  readonly at: Date
  /** How far an own message has come. */
  readonly status?: SentStatus
}

/** What a phone has sent and received, oldest first, by chat: a number without `+`, or a group's id. Statuses are left out. */
export function saidByChat(world: World, user: User): ReadonlyMap<string, readonly Said[]> {
  const chats = new Map<string, Said[]>()
  const all = [...ownSaid(world, user), ...otherSaid(world, user)]
  for (const { chat, said } of all.toSorted(
    (one, other) => one.said.at.getTime() - other.said.at.getTime(),
  )) {
    if (chat === STATUS_JID) continue
    const known = chats.get(chat)
    if (known === undefined) chats.set(chat, [said])
    else known.push(said)
  }
  return chats
}

type InChat = { readonly chat: string; readonly said: Said }

function ownSaid(world: World, user: User): readonly InChat[] {
  return world.sent.list(user.number).map(({ id, to, message, status, at }) => ({
    chat: to,
    said: {
      id,
      author: user,
      isOwn: true,
      message: proto.Message.decode(message),
      at: new Date(at),
      status,
    },
  }))
}

/** Calls are in the inbox too and were never messages. */
function otherSaid(world: World, user: User): readonly InChat[] {
  return world.inbox.list(user.number, 0).flatMap(({ id, from, chat, at }) => {
    const author = world.users.get(from.slice(1))
    const received = world.received.find(user.number, id)
    if (author === undefined || received === undefined) return []
    const message = proto.Message.decode(received.message)
    return [{ chat: chat.replace('+', ''), said: { id, author, isOwn: false, message, at: new Date(at) } }]
  })
}
