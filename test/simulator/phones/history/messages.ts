import { createHash } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import type { SentStatus } from '../../store/mail/sent.ts'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { jidOf } from '../../wire/address.ts'
import { unwrap } from '../content/context.ts'
import { readerOf } from '../receiving/reader.ts'
import type { Chat } from '../sending/writer.ts'
import type { Said } from './said.ts'

const { Type: Change } = proto.Message.ProtocolMessage
const { Status, StubType } = proto.WebMessageInfo
const STATUSES: Readonly<Record<SentStatus, proto.WebMessageInfo.Status>> = {
  sent: Status.SERVER_ACK,
  delivered: Status.DELIVERY_ACK,
  read: Status.READ,
}

/** What a chat shows: its messages oldest first, with all that was said about them, and the timer of later ones. */
export type Shown = {
  readonly messages: readonly proto.IWebMessageInfo[]
  /** Seconds; undefined when nobody has set it. */
  readonly timer: number | undefined
}

export type ChatOf = { readonly user: User; readonly chat: Chat; readonly starred: ReadonlySet<string> }

/** Lays out what was said in a chat: reactions, votes, edits and revocations go where they belong. */
export function show(world: World, { user, chat, starred }: ChatOf, all: readonly Said[]): Shown {
  const messages = new Map<string, proto.IWebMessageInfo>()
  let timer: number | undefined
  for (const said of all) {
    const { message } = unwrap(said.message)
    const change = message.protocolMessage
    if (change?.type === Change.EPHEMERAL_SETTING) timer = change.ephemeralExpiration ?? 0
    const isChange = apply({ world, user, chat, said, message, find: id => messages.get(id ?? '') })
    if (!isChange) messages.set(said.id, webMessage(chat, said, starred.has(said.id)))
  }
  return { messages: [...messages.values()], timer }
}

function webMessage(chat: Chat, said: Said, starred: boolean): proto.IWebMessageInfo {
  const { message, status, at, author, isOwn } = said
  const secret = message.messageContextInfo?.messageSecret
  return {
    key: keyOf(chat, said),
    message,
    messageTimestamp: Math.floor(at.getTime() / 1000),
    ...(status === undefined ? {} : { status: STATUSES[status] }),
    ...(isOwn ? {} : { pushName: author.name }),
    ...(chat.isGroup ? { participant: jidOf(author, chat.by) } : {}),
    ...(secret == null ? {} : { messageSecret: secret }),
    ...(starred ? { starred } : {}),
  }
}

function keyOf({ jid, by, isGroup }: Chat, { id, isOwn, author }: Said): proto.IMessageKey {
  const participant = isGroup ? { participant: jidOf(author, by) } : {}
  return { remoteJid: jid, fromMe: isOwn, id, ...participant }
}

type Applied = {
  readonly world: World
  readonly user: User
  readonly chat: Chat
  readonly said: Said
  /** What was said, without wrappers. */
  readonly message: proto.IMessage
  find(id: string | null | undefined): proto.IWebMessageInfo | undefined
}

/** Writes a change into the message that it is about; false when it is no change but a message of its own. */
function apply({ world, user, chat, said, message, find }: Applied): boolean {
  const { reactionMessage, protocolMessage, pollUpdateMessage, pinInChatMessage } = message
  const key = keyOf(chat, said)
  if (reactionMessage != null) react(find(reactionMessage.key?.id), { ...reactionMessage, key })
  if (pollUpdateMessage != null) {
    const options = readerOf(world, user, said.author).openVote(pollUpdateMessage)
    const target = find(pollUpdateMessage.pollCreationMessageKey?.id)
    if (typeof options !== 'string') vote(target, { key, options, at: said.at })
  }
  const target = find(protocolMessage?.key?.id)
  if (target !== undefined && protocolMessage?.type === Change.MESSAGE_EDIT)
    target.message = protocolMessage.editedMessage ?? null
  if (target !== undefined && protocolMessage?.type === Change.REVOKE) {
    target.message = null
    target.messageStubType = StubType.REVOKE
  }
  return [reactionMessage, protocolMessage, pollUpdateMessage, pinInChatMessage].some(part => part != null)
}

/** The last reaction of everybody counts; an empty one takes it back. */
function react(target: proto.IWebMessageInfo | undefined, reaction: proto.IReaction): void {
  if (target === undefined) return
  const others = (target.reactions ?? []).filter(({ key }) => !isSameAuthor(key, reaction.key))
  target.reactions = reaction.text ? [...others, reaction] : others
}

type Vote = { readonly key: proto.IMessageKey; readonly options: readonly string[]; readonly at: Date }

function vote(target: proto.IWebMessageInfo | undefined, { key, options, at }: Vote): void {
  if (target === undefined) return
  const others = (target.pollUpdates ?? []).filter(known => !isSameAuthor(known.pollUpdateMessageKey, key))
  const selectedOptions = options.map(name => createHash('sha256').update(name).digest())
  const update = { pollUpdateMessageKey: key, vote: { selectedOptions }, senderTimestampMs: at.getTime() }
  target.pollUpdates = [...others, update]
}

function isSameAuthor(
  one: proto.IMessageKey | null | undefined,
  other: proto.IMessageKey | null | undefined,
): boolean {
  return one?.fromMe === other?.fromMe && one?.participant === other?.participant
}
