import { randomBytes } from 'node:crypto'
import {
  type BinaryNode,
  jidNormalizedUser,
  proto,
  S_WHATSAPP_NET,
  type WASocket,
} from '@whiskeysockets/baileys'

/** What only a connection that delivers brings: a deaf one is still answered with acks and iqs. */
export const DELIVERIES = ['CB:message', 'CB:receipt', 'CB:notification', 'CB:call'] as const

/** Stanzas whose `t` is the moment in which the server speaks; that of a message is when it was written. */
const SPOKEN_NOW = new Set(['success', 'ack', 'iq'])
const ID_BYTES = 9

const { PLACEHOLDER_MESSAGE_RESEND } = proto.Message.PeerDataOperationRequestType

/** The server's time, where a frame says it. */
export function serverTimeOf(frame: BinaryNode | Uint8Array): Date | undefined {
  if (frame instanceof Uint8Array || !SPOKEN_NOW.has(frame.tag)) return undefined
  const seconds = Number(frame.attrs?.t)
  return seconds > 0 ? new Date(seconds * 1_000) : undefined
}

/** Baileys pings by itself too, at a pace of its own; any frame is the answer. */
export async function ping(sock: WASocket): Promise<void> {
  const attrs = { id: sock.generateMessageTag(), to: S_WHATSAPP_NET, type: 'get', xmlns: 'w:p' }
  await sock.sendNode({ tag: 'iq', attrs, content: [{ tag: 'ping', attrs: {} }] })
}

/**
 * Asks the account's own phone to send a message again that never was, as linked devices do with one that they could not
 * read. It goes to the phone as a message, encrypted, and the phone's answer comes back as one; neither is in any chat,
 * and nobody is shown anything. The phone has to be on.
 */
export async function askOwnPhone(sock: WASocket): Promise<void> {
  const id = `3EB0${randomBytes(ID_BYTES).toString('hex').toUpperCase()}`
  const remoteJid = jidNormalizedUser(sock.user?.id)
  await sock.sendPeerDataOperationMessage({
    peerDataOperationRequestType: PLACEHOLDER_MESSAGE_RESEND,
    placeholderMessageResendRequest: [{ messageKey: { id, remoteJid, fromMe: true } }],
  })
}
