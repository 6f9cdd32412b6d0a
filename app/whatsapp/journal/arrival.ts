import { createHash } from 'node:crypto'
import { type BinaryNode, decodeBinaryNode, encodeBinaryNode } from '@whiskeysockets/baileys'

/** Whose device it came to: the account's own addresses, which its stanzas refer to. */
export type Me = { readonly id: string; readonly lid?: string | undefined }

/** What a stanza in the journal is read from: it says everything that was known when it came. */
export type Stanza = { readonly node: BinaryNode; readonly me: Me }

/** A message without its ciphertexts: what they said is kept beside it. */
export function envelopeOf({ tag, attrs }: BinaryNode): BinaryNode {
  return { tag, attrs }
}

export function encodeStanza({ node, me }: Stanza): Uint8Array {
  const attrs: Record<string, string> = { id: me.id, ...(me.lid === undefined ? {} : { lid: me.lid }) }
  return encodeBinaryNode({ tag: 'arrival', attrs, content: [node] })
}

export async function decodeStanza(bytes: Uint8Array): Promise<Stanza> {
  const { attrs, content } = await decodeBinaryNode(Buffer.from(bytes))
  const [node] = Array.isArray(content) ? content : []
  if (node === undefined || attrs.id === undefined) throw new Error('the journal holds no stanza here')
  return { node, me: { id: attrs.id, lid: attrs.lid } }
}

/**
 * The digest of a ciphertext with its stanza's sender and id, which are the same at every delivery. The sender belongs to
 * it: members of a group all get the same ciphertext, and nobody may pass off another's as their own.
 */
export function ciphertextDigest({ attrs }: BinaryNode, ciphertext: Uint8Array): Uint8Array {
  const envelope = JSON.stringify([attrs.from, attrs.participant, attrs.id])
  return createHash('sha256').update(envelope).update(ciphertext).digest()
}

/** The digest of a message that could not be read, however often it comes. */
export function unreadDigest({ attrs }: BinaryNode): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify(['unread', attrs.from, attrs.participant, attrs.id]))
    .digest()
}

/** The digest of a stanza that is not encrypted. Only the mark of a later delivery differs from one time to the next. */
export function stanzaDigest({ tag, attrs, content }: BinaryNode): Uint8Array {
  const { offline: _mark, ...lasting } = attrs
  const node = content === undefined ? { tag, attrs: lasting } : { tag, attrs: lasting, content }
  return createHash('sha256').update(encodeBinaryNode(node)).digest()
}
