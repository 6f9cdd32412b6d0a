import type { BinaryNode } from '@whiskeysockets/baileys'
import type { JournalEntry } from '../../store/journal.ts'
import type { Stanza } from '../journal/arrival.ts'
import { isCallOffer, readCall } from './call.ts'
import { isGroupNotification, readGroupNotification } from './group.ts'
import { messageOf, readMessage, readUnreadable } from './message.ts'
import { postIn, postOf } from './post.ts'
import { NOTHING, type Reader, type Reading } from './reading.ts'
import { readReceipt, receiptOf } from './receipt.ts'
import { isResendRequest } from './resend-request.ts'
import { isWithheld } from './withheld.ts'

/** True for a stanza that says something to us although it is not encrypted. */
export function speaks(node: BinaryNode): boolean {
  return (
    (node.tag === 'receipt' && receiptOf(node) !== undefined) ||
    postIn(node) !== undefined ||
    isWithheld(node) ||
    isResendRequest(node) ||
    isGroupNotification(node) ||
    isCallOffer(node)
  )
}

/** What an arrival comes to: messages, and events about what it changed. */
export async function readArrival(
  { node }: Stanza,
  { plaintext }: Pick<JournalEntry, 'plaintext'>,
  reader: Reader,
): Promise<Reading> {
  switch (node.tag) {
    case 'message': {
      const post = postIn(node)
      if (post !== undefined) return await readMessage(postOf(node, post, reader), reader, node)
      const message = plaintext === undefined ? undefined : messageOf(node, plaintext, reader)
      return message === undefined
        ? await readUnreadable(node, reader)
        : await readMessage(message, reader, node)
    }
    case 'receipt':
      return await readReceipt(node, reader)
    case 'notification':
      return await readGroupNotification(node, reader)
    case 'call':
      return await readCall(node, reader)
    default:
      return NOTHING
  }
}
