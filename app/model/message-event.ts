import type { EventDraft, EventType, JsonObject } from './event.ts'
import type { Message, MessageContent } from './message.ts'

/** The draft of a `message.*` event: `data` as contract section 6 lists it, the content under the member named by `type`. */
export function messageEvent(type: EventType, message: Message, extra: JsonObject = {}): EventDraft {
  const outgoing = message.direction === 'out'
  const data: JsonObject = {
    message_id: message.messageId,
    ...(outgoing ? { id: message.id } : {}),
    chat: message.chat,
    ...(message.from === undefined ? {} : { from: message.from }),
    ...(outgoing ? { to: message.chat } : {}),
    direction: message.direction,
    ...contentJson(message.content),
    ...(message.callbackData === undefined ? {} : { biz_opaque_callback_data: message.callbackData }),
    timestamp: message.createdAt.toISOString(),
    ...extra,
  }
  return { type, account: message.account, chat: message.chat, data }
}

/** A message's content is plain JSON already; this only says so to the type checker. */
export function contentJson(content: MessageContent): JsonObject {
  return content as unknown as JsonObject
}
