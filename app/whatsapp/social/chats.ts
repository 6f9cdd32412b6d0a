import type { WAMessageKey, WASocket } from '@whiskeysockets/baileys'
import type { ChatId } from '../../model/chat.ts'
import { jidOf } from '../../model/chat.ts'
import type { ChatSettings, Typing } from '../../model/chat-settings.ts'
import type { Message } from '../../model/message.ts'
import type { SocialDeps } from './social.ts'

export type Chats = {
  /** Sends read receipts for messages that came in. */
  read(messages: readonly Message[]): Promise<void>
  typing(chat: ChatId, state: Typing): Promise<void>
  /** One after the other in the order of `ChatSettings`. `last` is the latest message, which some settings refer to. */
  change(chat: ChatId, settings: Partial<ChatSettings>, last: Message | undefined): Promise<void>
}

type Change = () => Promise<unknown>

export function createChats({ sock }: Pick<SocialDeps, 'sock'>): Chats {
  return {
    read: messages => sock.readMessages(messages.map(keyOf)),
    typing: (chat, state) => sock.sendPresenceUpdate(state, jidOf(chat)),
    async change(chat, settings, last) {
      for (const change of changesOf(sock, { chat, last }, settings)) await change()
    },
  }
}

type About = { readonly chat: ChatId; readonly last: Message | undefined }

function changesOf(
  sock: WASocket,
  { chat, last }: About,
  { archived, pinned, read, mutedUntil, ephemeralSeconds }: Partial<ChatSettings>,
): readonly Change[] {
  const jid = jidOf(chat)
  const lastMessages =
    last === undefined
      ? []
      : [{ key: keyOf(last), messageTimestamp: Math.floor(last.createdAt.getTime() / 1_000) }]
  const changes: readonly (readonly [wanted: boolean, Change])[] = [
    [archived !== undefined, () => sock.chatModify({ archive: archived === true, lastMessages }, jid)],
    [pinned !== undefined, () => sock.chatModify({ pin: pinned === true }, jid)],
    [read !== undefined, () => sock.chatModify({ markRead: read === true, lastMessages }, jid)],
    [mutedUntil !== undefined, () => sock.chatModify({ mute: mutedUntil?.getTime() ?? null }, jid)],
    [
      ephemeralSeconds !== undefined,
      () => sock.sendMessage(jid, { disappearingMessagesInChat: ephemeralSeconds ?? 0 }),
    ],
  ]
  return changes.filter(([wanted]) => wanted).map(([, change]) => change)
}

/** How WhatsApp refers to a message; in a group its author belongs to it. */
function keyOf({ chat, messageId, direction, from }: Message): WAMessageKey {
  const fromMe = direction === 'out'
  const inGroup = chat.endsWith('@g.us') && !fromMe && from !== undefined
  return {
    ...{ remoteJid: jidOf(chat), id: messageId, fromMe },
    ...(inGroup ? { participant: jidOf(from) } : {}),
  }
}
