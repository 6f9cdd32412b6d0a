import { jidDecode } from '@whiskeysockets/baileys'
import { type ChatId, kindOfChat } from '../model/chat.ts'

/** Finds the phone JID behind a LID, when WhatsApp has told it. */
export type LidLookup = (lid: string) => Promise<string | null>

/** E.164 of a phone JID (`15551234567:3@s.whatsapp.net` → `+15551234567`); undefined for any other address. */
export function phoneOf(jid: string | null | undefined): string | undefined {
  const decoded = jidDecode(jid ?? undefined)
  return decoded?.server === 's.whatsapp.net' || decoded?.server === 'c.us' ? `+${decoded.user}` : undefined
}

/** Who a JID is to us: a number when WhatsApp has told it, now or before, else a LID; undefined for what is nobody. */
export async function personOf(
  jid: string | null | undefined,
  alternative: string | null | undefined,
  lookup: LidLookup,
): Promise<string | undefined> {
  const known = phoneOf(jid) ?? phoneOf(alternative)
  const decoded = jidDecode(jid ?? undefined)
  if (known !== undefined || decoded?.server !== 'lid') return known
  const lid = `${decoded.user}@lid`
  return phoneOf(await lookup(lid)) ?? lid
}

/** Our name of the chat that a JID stands for; undefined for what is no chat of ours (broadcast lists). */
export async function chatOf(jid: string | null | undefined, lookup: LidLookup): Promise<ChatId | undefined> {
  return jid && kindOfChat(jid) !== 'contact' ? jid : await personOf(jid, undefined, lookup)
}

/** How a connection ended, in the numbers of WhatsApp; no number when nobody said why. */
export function closeCodeOf(error: Error | undefined): number | undefined {
  const output: unknown = error !== undefined && 'output' in error ? error.output : undefined
  if (typeof output !== 'object' || output === null || !('statusCode' in output)) return undefined
  return typeof output.statusCode === 'number' ? output.statusCode : undefined
}
