import type { proto } from '@whiskeysockets/baileys'
import type { SentStatus } from '../../store/mail/sent.ts'
import type { Circle } from '../../store/social/circle.ts'
import type { World } from '../../store/world.ts'
import { bytesOf, children } from '../../wire/stanza.ts'
import type { Phone } from '../phone.ts'
import type { CipherType } from '../signal/signal.ts'
import { type Incoming, peerOf } from './incoming.ts'

/**
 * Decrypts a message from a group: first the sender key, where one is handed out, then what it opens. Throws when the
 * phone cannot read it.
 */
export async function openFromGroup(
  { signal }: Phone,
  incoming: Incoming,
  group: Circle,
): Promise<proto.IMessage> {
  const { node } = incoming
  const author = peerOf(incoming)
  let message: proto.IMessage = {}
  for (const part of children(node, 'enc')) {
    const ciphertext = bytesOf(part) ?? Buffer.alloc(0)
    if (part.attrs.type === 'skmsg') {
      message = await signal.groups.decrypt(group.id, author, ciphertext)
      continue
    }
    const type = part.attrs.type as CipherType
    const { senderKeyDistributionMessage: key, ...said } = await signal.decrypt(author, { type, ciphertext })
    if (key != null && key.groupId !== group.id) throw new Error(`a sender key for ${key.groupId}`)
    if (key != null) await signal.groups.take(author, key)
    message = { ...message, ...said }
  }
  return message
}

/** A receipt by one member of a group, for a message of another. */
export type GroupReceipt = {
  readonly sender: string
  readonly id: string
  readonly member: string
  readonly status: SentStatus
}

/** A message to a group has arrived, or was read, when that is true of every other member. */
export function noteInGroup(world: World, group: Circle, { sender, id, member, status }: GroupReceipt): void {
  if (member === sender) return
  world.groupReceipts.add(sender, id, { member, status })
  const having = world.groupReceipts.having(sender, id, status)
  const others = group.members.filter(({ number }) => number !== sender)
  if (others.every(({ number }) => having.includes(number))) world.sent.advance(sender, id, status)
}
