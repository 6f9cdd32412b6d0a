import { type BinaryNode, getBinaryNodeChild } from '@whiskeysockets/baileys'

/**
 * True for a message that WhatsApp keeps from linked devices: it comes without its ciphertext. The phone may send it when it
 * is asked. Gestures, and talk between devices, stand for nothing that anybody would miss.
 */
export function isWithheld(node: BinaryNode): boolean {
  const { category, edit, type } = node.attrs
  return (
    node.tag === 'message' &&
    getBinaryNodeChild(node, 'unavailable') !== undefined &&
    getBinaryNodeChild(node, 'enc') === undefined &&
    category !== 'peer' &&
    edit === undefined &&
    type !== 'reaction'
  )
}
