import { kindOfChat } from '../../model/chat.ts'
import type { Message } from '../../model/message.ts'

/** A chat as lists show it: by its last message, without the words of it. */
export function chatJson(last: Message, chat: string): object {
  return {
    chat,
    kind: kindOfChat(chat),
    last_message_at: last.createdAt.toISOString(),
    last_message: {
      id: last.id,
      message_id: last.messageId,
      direction: last.direction,
      type: last.content.type,
      status: last.status,
    },
  }
}
