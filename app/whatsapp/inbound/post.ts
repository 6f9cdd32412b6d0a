import {
  type BinaryNode,
  decodeMessageNode,
  getBinaryNodeChild,
  proto,
  type WAMessage,
} from '@whiskeysockets/baileys'
import { kindOfChat } from '../../model/chat.ts'
import type { Reader } from './reading.ts'

/** What a stanza says in plain text. Only channels speak so: from anybody else it would be a forgery. */
export function postIn(node: BinaryNode): Uint8Array | undefined {
  if (node.tag !== 'message' || kindOfChat(node.attrs.from ?? '') !== 'channel') return undefined
  const content = getBinaryNodeChild(node, 'plaintext')?.content
  return content instanceof Uint8Array ? content : undefined
}

/** A post of a channel in the library's form. */
export function postOf(node: BinaryNode, plaintext: Uint8Array, { me }: Pick<Reader, 'me'>): WAMessage {
  const { fullMessage } = decodeMessageNode(node, me.id, me.lid ?? '')
  fullMessage.message = proto.Message.decode(plaintext)
  return fullMessage
}
