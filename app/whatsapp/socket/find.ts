import { USyncQuery, USyncUser, type WASocket } from '@whiskeysockets/baileys'
import type { ChatId } from '../../model/chat.ts'

/** Somebody on WhatsApp: the JID, and the LID where the server tells it. */
export type Found = { readonly jid: string; readonly lid?: ChatId }

/** Asks the directory about a number. The library's own question does not ask for the LID, which may have opted out. */
export async function find(sock: WASocket, phone: string): Promise<Found | 'none'> {
  const query = new USyncQuery()
    .withContactProtocol()
    .withLIDProtocol()
    .withUser(new USyncUser().withPhone(phone))
  const answer = await sock.executeUSyncQuery(query)
  if (answer === undefined) throw new Error('the server did not say whether the number is on WhatsApp')
  const [first] = answer.list
  if (first?.contact !== true) return 'none'
  const { id: jid, lid } = first
  if (typeof lid !== 'string') return { jid }
  await sock.signalRepository.lidMapping.storeLIDPNMappings([{ lid, pn: jid }])
  return { jid, lid }
}
