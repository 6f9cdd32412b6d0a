import { proto, type WAMessage } from '@whiskeysockets/baileys'
import { newId } from '../../lib/ids.ts'
import type { Message, MessageStatus } from '../../model/message.ts'
import { envelopeOf } from './envelope.ts'
import type { Reader } from './reading.ts'
import { saidIn } from './said.ts'

const { ERROR, DELIVERY_ACK, READ, PLAYED } = proto.WebMessageInfo.Status
const STATUSES: ReadonlyMap<number, MessageStatus> = new Map([
  [ERROR, 'failed'],
  [DELIVERY_ACK, 'delivered'],
  [READ, 'read'],
  [PLAYED, 'played'],
])

/** A message from before the account was linked, as its phone tells it; undefined for what is no message to anybody. */
export async function pastMessageOf(past: WAMessage, reader: Reader): Promise<Message | undefined> {
  const participant = past.key.participant ?? past.participant
  const key = participant ? { ...past.key, participant } : past.key
  const envelope = await envelopeOf({ ...past, key }, reader)
  if (envelope === undefined || past.messageStubType) return undefined
  const { direction, sentAt: at, ...outside } = envelope
  const status = direction === 'in' ? 'received' : (STATUSES.get(past.status ?? 0) ?? 'sent')
  const said = await saidIn(past.message, { ...reader, at })
  if (said === undefined) return undefined
  return {
    id: newId('msg', at),
    account: reader.account,
    ...{ direction, status, createdAt: at, attemptCount: 0 },
    ...said,
    messageId: outside.messageId,
    chat: outside.chat,
    from: outside.from,
    timeline: [{ status, at }],
  }
}
