import type { Channel, Post } from '../../model/channel.ts'
import { contentJson } from '../../model/message-event.ts'

const LINK = 'https://whatsapp.com/channel/'

export function channelJson(channel: Channel): object {
  const { id, name, description, invite, followerCount, createdAt, isVerified, role, isMuted } = channel
  return {
    ...{ id, chat: id, name, description, role, muted: isMuted, verified: isVerified },
    url: invite === undefined ? null : `${LINK}${invite}`,
    followers: followerCount ?? null,
    created_at: createdAt?.toISOString() ?? null,
  }
}

export function postJson({ serverId, messageId, at, content, reactions }: Post): object {
  return {
    ...{ server_id: serverId, message_id: messageId ?? null, timestamp: at?.toISOString() ?? null },
    ...(content === undefined ? { type: 'unsupported' } : contentJson(content)),
    reactions,
  }
}

/** What a channel's link ends with, also where the whole link is given. */
export function channelCodeOf(text: string): string | undefined {
  const code = text.startsWith(LINK) ? (text.slice(LINK.length).split('?', 1)[0] ?? '') : text
  return /^[\w-]{10,64}$/.test(code) ? code : undefined
}
