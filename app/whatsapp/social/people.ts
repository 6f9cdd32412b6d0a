import type { BinaryNode } from '@whiskeysockets/baileys'
import type { ChatId } from '../../model/chat.ts'
import { type LidLookup, personOf } from '../translate.ts'

/** How the server names somebody: an address, and the other one beside it where it tells that. */
export type Named = { readonly jid: string | undefined; readonly other?: string | undefined }

/** Each as we call them; the address itself for what is no person. */
export function peopleOf(named: readonly Named[], lookup: LidLookup): Promise<readonly ChatId[]> {
  return Promise.all(
    named.map(async ({ jid, other }) => (await personOf(jid, other, lookup)) ?? jid ?? 'unknown'),
  )
}

/** Whom a node with `jid` and perhaps the other name beside it is about. */
export function namedIn({ attrs }: BinaryNode): Named {
  return { jid: attrs.jid, other: attrs.phone_number ?? attrs.participant_pn }
}

/** An instant from the server's seconds. */
export function instantOf(seconds: number | string | undefined): Date | undefined {
  const whole = Number(seconds)
  return Number.isFinite(whole) && whole > 0 ? new Date(whole * 1_000) : undefined
}
