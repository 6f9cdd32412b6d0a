import type { proto } from '@whiskeysockets/baileys'
import type { Known, Writer } from './kind.ts'
import { MemberFault } from './members.ts'

/** The message that another one is about. Throws a MemberFault when the phone does not have it. */
export function knownMessage(writer: Writer, id: string): Known {
  const known = writer.find(id)
  if (known === undefined) throw new MemberFault(`the phone has no message ${id}`)
  return known
}

/** A message as its chat refers to it, from the writer's point of view. */
export function keyOf({ chat, isGroup }: Writer, { id, isOwn, author }: Known): proto.IMessageKey {
  return { remoteJid: chat, fromMe: isOwn, id, ...(isGroup && !isOwn ? { participant: author } : {}) }
}
