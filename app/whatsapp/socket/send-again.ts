import { isJidGroup, type proto, type WASocket } from '@whiskeysockets/baileys'
import { isFromPhone, type ResendRequest } from '../inbound/resend-request.ts'

/**
 * Answers a device that asks for a message again, in a new session, as the library does when it hears of it. Resolves when
 * the message is written. Throws when the server refuses what has to be asked before, or the connection ends.
 */
export async function sendAgain(
  sock: WASocket,
  request: ResendRequest,
  message: proto.IMessage,
): Promise<void> {
  const { chatJid, device, messageId, count } = request
  await sock.assertSessions([device], true)
  // The key of the group did not reach everybody: all get it once more.
  if (isJidGroup(chatJid)) await sock.authState.keys.set({ 'sender-key-memory': { [chatJid]: null } })
  const whom = isFromPhone(request) ? { useUserDevicesCache: false } : { participant: { jid: device, count } }
  await sock.relayMessage(chatJid, message, { messageId, ...whom })
}
