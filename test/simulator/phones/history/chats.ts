import type { proto } from '@whiskeysockets/baileys'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { jidOf } from '../../wire/address.ts'
import { PLAIN_CHAT, type StateView, viewState } from '../app-state/view.ts'
import { type Chat, chatIn, chatWith } from '../sending/writer.ts'
import { show } from './messages.ts'
import { type Said, saidByChat } from './said.ts'

/** A chat as a phone shows it, and what was said in it, newest first. */
export type ShownChat = {
  /** A number without `+`, or a group's id. */
  readonly name: string
  readonly conversation: proto.IConversation
  readonly messages: readonly proto.IWebMessageInfo[]
}

/** Every chat in which something was said, and every group that the user is in; the newest first. */
export function chatsOf(world: World, user: User): readonly ShownChat[] {
  const said = saidByChat(world, user)
  const groups = world.groups.ofMember(user.number).map(({ id }) => id)
  const view = viewState(world, user)
  return [...new Set([...said.keys(), ...groups])]
    .flatMap(name => shownChat({ world, user, view, name, said: said.get(name) ?? [] }))
    .toSorted((one, other) => timeOf(other) - timeOf(one))
}

type Source = {
  readonly world: World
  readonly user: User
  readonly view: StateView
  readonly name: string
  readonly said: readonly Said[]
}

function shownChat({ world, user, view, name, said }: Source): readonly ShownChat[] {
  const chat = chatNamed(world, name)
  if (chat === undefined) return [] // nobody has the number any more, or the group is gone
  const { messages, timer } = show(world, { user, chat, starred: view.starred }, said)
  const newest = messages.toReversed()
  const at = Number(newest[0]?.messageTimestamp ?? 0)
  const conversation = {
    id: chat.jid,
    ...identityOf({ world, view, name }),
    ...settingsOf(view, name),
    ...(at === 0 ? {} : { conversationTimestamp: at, lastMsgTimestamp: at }),
    ...(timer === undefined ? {} : { ephemeralExpiration: timer }),
    notSpam: true,
  }
  return [{ name, conversation, messages: newest }]
}

function chatNamed(world: World, name: string): Chat | undefined {
  const group = world.groups.get(name)
  if (group !== undefined) return chatIn(group)
  const other = world.users.get(name)
  return other === undefined ? undefined : chatWith(other)
}

/** What a chat is called, and whom it is with: by the user's own address book, or by a group's subject. */
function identityOf({ world, view, name }: Pick<Source, 'world' | 'view' | 'name'>): proto.IConversation {
  const group = world.groups.get(name)
  if (group !== undefined) {
    return {
      name: group.subject.body,
      ...(group.ephemeral === 0 ? {} : { ephemeralExpiration: group.ephemeral }),
    }
  }
  const other = world.users.get(name)
  const known = view.contacts.get(name)
  return {
    ...(known === undefined ? {} : { name: known.fullName }),
    ...(other === undefined ? {} : { pnJid: jidOf(other, 'pn'), lidJid: jidOf(other, 'lid') }),
  }
}

function settingsOf({ chats }: StateView, name: string): proto.IConversation {
  const { archived, mutedUntil, pinnedAt, isMarkedUnread } = chats.get(name) ?? PLAIN_CHAT
  return {
    archived,
    unreadCount: 0,
    ...(mutedUntil === undefined ? {} : { muteEndTime: mutedUntil }),
    ...(pinnedAt === undefined ? {} : { pinned: Math.floor(pinnedAt / 1000) }),
    ...(isMarkedUnread ? { markedAsUnread: true } : {}),
  }
}

function timeOf({ messages }: ShownChat): number {
  return Number(messages[0]?.messageTimestamp ?? 0)
}
