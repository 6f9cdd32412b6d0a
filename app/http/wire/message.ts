import { resultsOf } from '../../model/content/poll.ts'
import type { Message, MessageReceipt } from '../../model/message.ts'
import { contentJson } from '../../model/message-event.ts'

/** A message as the API shows it, in either direction; its content stands under the member named by `type`. */
export function messageJson(message: Message): object {
  const outgoing = message.direction === 'out'
  return {
    id: message.id,
    message_id: message.messageId,
    account: message.account,
    direction: message.direction,
    chat: message.chat,
    from: message.from ?? null,
    ...(outgoing ? { to: message.chat } : {}),
    ...contentJson(message.content),
    status: message.status,
    timeline: message.timeline.map(step => ({
      status: step.status,
      at: step.at.toISOString(),
      ...(step.code === undefined ? {} : { code: step.code }),
      ...(step.detail === undefined ? {} : { detail: step.detail }),
    })),
    ...errorJson(message),
    ...resultsJson(message),
    ...(message.receipts === undefined ? {} : { receipts: message.receipts.map(receiptJson) }),
    created_at: message.createdAt.toISOString(),
    ...(message.dueAt === undefined ? {} : { due_at: message.dueAt.toISOString() }),
    ...(message.expiresAt === undefined ? {} : { expires_at: message.expiresAt.toISOString() }),
    ...(outgoing ? { attempts: message.attemptCount } : {}),
    ...(message.principal === undefined ? {} : { principal: message.principal }),
    ...(message.decisionId === undefined ? {} : { decision: message.decisionId }),
    ...(message.approvedBy === undefined ? {} : { approved_by: message.approvedBy }),
    ...(message.purpose === undefined ? {} : { purpose: message.purpose }),
    ...(message.callbackData === undefined ? {} : { biz_opaque_callback_data: message.callbackData }),
  }
}

/** How a poll stands. */
function resultsJson({ content, votes = [] }: Message): object {
  if (content.type !== 'poll') return {}
  return { results: resultsOf(content.poll.options, votes) }
}

/** How far one participant of a group is with it. */
function receiptJson({ participant, status, at }: MessageReceipt): object {
  return { participant, status, at: at.toISOString() }
}

/** Why it came to nothing, as `message.failed` says it. The codes are in model/send-failure.ts. */
function errorJson({ status, timeline }: Message): object {
  if (status !== 'failed' && status !== 'expired') return {}
  const last = timeline.findLast(step => step.status === status)
  return { error: { code: last?.code ?? status, message: last?.detail ?? null } }
}

/** The answer to an accepted message: what it began as, so that a repeated request gets the same. */
export function acceptedJson(message: Message): object {
  return {
    id: message.id,
    message_id: message.messageId,
    status: message.timeline[0]?.status ?? message.status,
    to: message.chat,
    chat: message.chat,
    decision: message.decisionId ?? null,
  }
}
