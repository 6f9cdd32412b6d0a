import type { Addressing } from '../../wire/address.ts'
import type { Groups } from './groups.ts'

/**
 * Whoever gets a message that is encrypted once, with its author's sender key: the members of a group, or those whom
 * somebody shows a status.
 */
export type Circle = {
  readonly id: string
  readonly addressing: Addressing
  readonly members: readonly { readonly number: string }[]
}

export const STATUS_JID = 'status@broadcast'

/** Those whom somebody shows a status: who sees it does not know who else does. */
export function statusCircle(numbers: readonly string[] = []): Circle {
  return { id: STATUS_JID, addressing: 'pn', members: numbers.map(number => ({ number })) }
}

/** The circle that a JID names, as far as the one who gets a message can know it; undefined for chats of two. */
export function circleAt(
  { groups }: { readonly groups: Groups },
  jid: string | undefined,
): Circle | undefined {
  return jid === STATUS_JID ? statusCircle() : groups.get(jid ?? '')
}
