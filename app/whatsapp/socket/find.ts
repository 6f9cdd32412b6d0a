import { USyncQuery, USyncUser, type WASocket } from '@whiskeysockets/baileys'
import type { ChatId } from '../../model/chat.ts'
import { phoneOf } from '../translate.ts'

/** Somebody on WhatsApp: the JID, and the LID where the server tells it. */
export type Found = { readonly jid: string; readonly lid?: ChatId }

/** Asks the directory about a number; throws when it does not say. */
export async function find(sock: WASocket, phone: string): Promise<Found | 'none'> {
  const [found] = await findAll(sock, [phone])
  return found ?? 'none'
}

/**
 * Asks the directory about numbers, and answers in their order. The library's own question does not ask for the LID, which
 * may have opted out.
 */
export async function findAll(
  sock: WASocket,
  phones: readonly string[],
): Promise<readonly (Found | 'none')[]> {
  const query = new USyncQuery().withContactProtocol().withLIDProtocol()
  for (const phone of phones) query.withUser(new USyncUser().withPhone(phone))
  const answer = await sock.executeUSyncQuery(query)
  if (answer === undefined) throw new Error('the server did not say whether the number is on WhatsApp')
  const { list } = answer
  const found = phones.map((phone, index) => {
    // A number may be known under another way of writing it: then its place in the answer tells.
    const own = list.find(({ id }) => phoneOf(id) === phone)
    return foundOf(own ?? (list.length === phones.length ? list[index] : undefined))
  })
  const pairs = found.flatMap(one =>
    one === 'none' || one.lid === undefined ? [] : [{ lid: one.lid, pn: one.jid }],
  )
  await sock.signalRepository.lidMapping.storeLIDPNMappings(pairs)
  return found
}

function foundOf(
  answer: { readonly [protocol: string]: unknown; readonly id: string } | undefined,
): Found | 'none' {
  if (answer?.contact !== true) return 'none'
  const { id: jid, lid } = answer
  return typeof lid === 'string' ? { jid, lid } : { jid }
}
