import { MESSAGE_STATUSES } from '../../../model/message.ts'
import { CONTENT, CONTENT_OPTIONAL } from './content.ts'
import { CHAT, COUNT, FLAG, INSTANT, listOf, oneOfWords, orNull, ref, shape, TEXT } from './shape.ts'

const STATUS = oneOfWords(MESSAGE_STATUSES)

/** Of the outbox alone. */
const SENT = {
  ...{ to: CHAT, due_at: INSTANT, expires_at: INSTANT, attempts: COUNT, principal: TEXT, decision: TEXT },
  ...{ approved_by: TEXT, purpose: TEXT, biz_opaque_callback_data: TEXT },
}
const SOMETIMES = {
  error: shape({ code: TEXT, message: orNull(TEXT) }),
  results: listOf(shape({ option: TEXT, count: COUNT, voters: listOf(CHAT) })),
  receipts: listOf(
    shape({ participant: CHAT, status: oneOfWords(['delivered', 'read', 'played']), at: INSTANT }),
  ),
}

/** Messages, files and chats. */
export const MESSAGE_SHAPES = {
  Message: {
    ...shape(
      {
        id: { type: 'string', description: 'obx_… for ours, msg_… for what came in' },
        message_id: { type: 'string', description: 'WhatsApp’s own id' },
        ...{ account: TEXT, direction: oneOfWords(['in', 'out']), chat: CHAT, from: orNull(CHAT) },
        ...{ ...CONTENT, ...SENT, ...SOMETIMES, status: STATUS, created_at: INSTANT },
        timeline: listOf(ref('TimelineStep')),
      },
      [...CONTENT_OPTIONAL, ...Object.keys({ ...SENT, ...SOMETIMES })],
    ),
    description: 'A message in either direction. What it says stands under the member that "type" names.',
  },
  TimelineStep: shape({ status: STATUS, at: INSTANT, code: TEXT, detail: TEXT }, ['code', 'detail']),
  AcceptedMessage: shape({
    ...{ id: TEXT, message_id: TEXT, status: STATUS, to: CHAT, chat: CHAT, decision: orNull(TEXT) },
  }),
  Media: shape(
    {
      ...{ id: TEXT, sha256: orNull(TEXT), mime_type: orNull(TEXT), size: orNull(COUNT), filename: TEXT },
      ...{ width: COUNT, height: COUNT, created_at: INSTANT },
    },
    ['filename', 'width', 'height'],
  ),
  Chat: shape({
    chat: CHAT,
    kind: oneOfWords(['contact', 'group', 'channel', 'status']),
    last_message_at: INSTANT,
    last_message: shape({
      ...{ id: TEXT, message_id: TEXT, direction: oneOfWords(['in', 'out']), type: TEXT, status: STATUS },
    }),
  }),
  Deleted: shape({ id: TEXT, deleted: FLAG }),
} as const
