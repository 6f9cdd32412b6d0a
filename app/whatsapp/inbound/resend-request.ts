import {
  areJidsSameUser,
  type BinaryNode,
  getBinaryNodeChild,
  isJidGroup,
  jidDecode,
} from '@whiskeysockets/baileys'
import type { Me } from '../journal/arrival.ts'

/** A device could not read a message of ours and asks to be sent it once more. */
export type ResendRequest = {
  readonly messageId: string
  /** Where the message went. */
  readonly chatJid: string
  /** The device that asks. */
  readonly device: string
  /** Which time it asks for it, as it says. */
  readonly count: number
}

/** True for the receipt with which a device asks for a message again. */
export function isResendRequest({ tag, attrs }: BinaryNode): boolean {
  return tag === 'receipt' && attrs.type === 'retry'
}

/** Undefined when it does not say which message it is about. */
export function resendRequestOf(node: BinaryNode, me: Me): ResendRequest | undefined {
  const { id, from, participant, recipient } = node.attrs
  const device = participant ?? from
  // A device of our own asks for its copy of what went to somebody else.
  const isOwn = areJidsSameUser(device, me.id) || (me.lid !== undefined && areJidsSameUser(device, me.lid))
  const chatJid = isOwn && !isJidGroup(from) ? recipient : from
  if (id === undefined || device === undefined || chatJid === undefined) return undefined
  const count = Number(getBinaryNodeChild(node, 'retry')?.attrs.count)
  return { messageId: id, chatJid, device, count: Number.isSafeInteger(count) && count > 0 ? count : 1 }
}

/** True when it is a phone that asks and not one of its linked devices: its other devices may lack the message too. */
export function isFromPhone({ device }: ResendRequest): boolean {
  return !jidDecode(device)?.device
}
