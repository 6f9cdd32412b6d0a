import { proto } from '@whiskeysockets/baileys'
import type { User } from '../../store/people/users.ts'
import type { History } from '../../store/social/profiles.ts'
import type { World } from '../../store/world.ts'
import { jidOf } from '../../wire/address.ts'
import { chatsOf, type ShownChat } from './chats.ts'

const { HistorySyncType } = proto.HistorySync
const { EndOfHistoryTransferType } = proto.Conversation

/** How many messages of each chat a device has at once, and how many it gets unless it asks for all. */
const FIRST_PER_CHAT = 3
const RECENT_PER_CHAT = 30
const MESSAGES_PER_CHUNK = 100

/** One part of a history, with the type under which WhatsApp announces it. */
export type Chunk = proto.IHistorySync & {
  readonly syncType: proto.HistorySync.HistorySyncType
  readonly chunkOrder: number
  readonly progress: number
}

/** The history that a phone sends a new companion, in the order in which it comes. */
export function chunksFor(world: World, user: User, history: History): readonly Chunk[] {
  const { INITIAL_BOOTSTRAP, PUSH_NAME, NON_BLOCKING_DATA, RECENT, FULL } = HistorySyncType
  const chats = history === 'none' ? [] : chatsOf(world, user)
  const first = { from: 0, to: FIRST_PER_CHAT }
  const start = chats.map(chat => conversationOf(chat, first))
  const beginning = chunk(INITIAL_BOOTSTRAP, { conversations: start })
  if (history === 'none') return [beginning]
  const people = peopleIn(world, user, chats)
  const pushnames = people.map(person => ({ id: jidOf(person, 'pn'), pushname: person.name }))
  const mappings = people.map(person => ({ pnJid: jidOf(person, 'pn'), lidJid: jidOf(person, 'lid') }))
  const recent = { from: FIRST_PER_CHAT, to: RECENT_PER_CHAT }
  const rest = { from: RECENT_PER_CHAT, to: Number.POSITIVE_INFINITY }
  return [
    beginning,
    chunk(PUSH_NAME, { pushnames }),
    chunk(NON_BLOCKING_DATA, { phoneNumberToLidMappings: mappings }),
    ...inParts(RECENT, chats, recent),
    ...(history === 'full' ? inParts(FULL, chats, rest) : []),
  ]
}

function chunk(
  syncType: proto.HistorySync.HistorySyncType,
  content: proto.IHistorySync,
  { chunkOrder, progress }: { chunkOrder: number; progress: number } = { chunkOrder: 1, progress: 100 },
): Chunk {
  return { ...content, syncType, chunkOrder, progress }
}

/** Messages of a chat by their place, the newest being 0. */
type Places = { readonly from: number; readonly to: number }

/** Chats in parts of not too many messages; one that says that it was all where there is nothing. */
function inParts(
  syncType: proto.HistorySync.HistorySyncType,
  chats: readonly ShownChat[],
  places: Places,
): readonly Chunk[] {
  const parts: proto.IConversation[][] = [[]]
  let room = MESSAGES_PER_CHUNK
  for (const chat of chats) {
    const last = Math.min(places.to, chat.messages.length)
    for (let from = places.from; from < last; ) {
      const to = Math.min(last, from + room)
      parts.at(-1)?.push(conversationOf(chat, { from, to }))
      room -= to - from
      from = to
      if (room > 0) continue
      parts.push([])
      room = MESSAGES_PER_CHUNK
    }
  }
  const filled = parts.filter(({ length }, index) => index === 0 || length > 0)
  return filled.map((conversations, index) => {
    const progress = Math.floor((100 * (index + 1)) / filled.length)
    return chunk(syncType, { conversations }, { chunkOrder: index + 1, progress })
  })
}

function conversationOf({ conversation, messages }: ShownChat, { from, to }: Places): proto.IConversation {
  const isAll = to >= messages.length
  return {
    ...conversation,
    messages: messages
      .slice(from, to)
      .map((message, index) => ({ message, msgOrderId: messages.length - from - index })),
    endOfHistoryTransfer: isAll,
    endOfHistoryTransferType: isAll
      ? EndOfHistoryTransferType.COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY
      : EndOfHistoryTransferType.COMPLETE_BUT_MORE_MESSAGES_REMAIN_ON_PRIMARY,
  }
}

/** Whom the phone writes with, or shares a group with. */
function peopleIn(world: World, user: User, chats: readonly ShownChat[]): readonly User[] {
  const numbers = chats.flatMap(
    ({ name }) => world.groups.get(name)?.members.map(({ number }) => number) ?? [name],
  )
  return [...new Set(numbers)].flatMap(number => {
    const person = number === user.number ? undefined : world.users.get(number)
    return person === undefined ? [] : [person]
  })
}
