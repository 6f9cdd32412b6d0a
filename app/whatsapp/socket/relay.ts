import { randomBytes } from 'node:crypto'
import { isJidGroup, type proto, type WASocket } from '@whiskeysockets/baileys'
import { isFromPhone, type ResendRequest } from '../inbound/resend-request.ts'
import type { Written } from '../outbound/write.ts'

const SECRET_BYTES = 32

type Destination = { readonly jid: string; readonly messageId: string }

/** Puts a message on the wire. */
export async function relay(
  sock: WASocket,
  { jid, messageId }: Destination,
  written: Written,
): Promise<void> {
  const { message, attributes, nodes, audience } = written
  await sock.relayMessage(jid, reportable(message), {
    messageId,
    ...(attributes === undefined ? {} : { additionalAttributes: { ...attributes } }),
    ...(nodes === undefined ? {} : { additionalNodes: [...nodes] }),
    ...(audience === undefined ? {} : { statusJidList: [...audience] }),
  })
}

/**
 * Answers a device that asks for a message again, in a new session, as the library does when it hears of it. Resolves when
 * the message is written. Throws when the server refuses what has to be asked before, or the connection ends.
 */
export async function sendAgain(sock: WASocket, request: ResendRequest, written: Written): Promise<void> {
  const { chatJid, device, messageId, count } = request
  await sock.assertSessions([device], true)
  // The key of the group did not reach everybody: all get it once more.
  if (isJidGroup(chatJid)) await sock.authState.keys.set({ 'sender-key-memory': { [chatJid]: null } })
  const whom = isFromPhone(request) ? { useUserDevicesCache: false } : { participant: { jid: device, count } }
  const { message, attributes } = written
  await sock.relayMessage(chatJid, message, {
    messageId,
    ...whom,
    ...(attributes === undefined ? {} : { additionalAttributes: { ...attributes } }),
  })
}

/** With a secret its recipient can report the message to WhatsApp; reactions have none. */
function reportable(message: proto.IMessage): proto.IMessage {
  if (message.reactionMessage || message.messageContextInfo?.messageSecret) return message
  const messageContextInfo = { ...message.messageContextInfo, messageSecret: randomBytes(SECRET_BYTES) }
  return { ...message, messageContextInfo }
}
