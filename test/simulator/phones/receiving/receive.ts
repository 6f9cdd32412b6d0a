import type { proto } from '@whiskeysockets/baileys'
import type { ViolationKind } from '../../store/mail/tallies.ts'
import { senderKeyOwner } from '../../store/social/sender-keys.ts'
import { bytesOf, child, type Stanza } from '../../wire/stanza.ts'
import type { Phone } from '../phone.ts'
import { answerPeer } from '../sending/peer-answer.ts'
import { identityFault } from '../signal/identity.ts'
import type { CipherType } from '../signal/signal.ts'
import { type Filed, fileMessage } from './filing.ts'
import { openFromGroup } from './group.ts'
import { type Incoming, lookUp, peerOf } from './incoming.ts'
import { askAgain, sendReceipt } from './receipts.ts'
import { fileSealed, isLeftSealed } from './sealed.ts'

/** Decrypts a message on a phone, files it in the inbox and sends the receipts, or asks for it again. */
export async function receiveMessage(phone: Phone, node: Stanza): Promise<void> {
  const incoming = lookUp(phone.world, node)
  if (incoming === undefined) return
  if (isKeptFrom(phone, incoming)) return askAgain(phone, incoming)
  const opened = isLeftSealed(phone, incoming) ? fileSealed(phone, incoming) : await open(phone, incoming)
  const result = 'message' in opened ? fileMessage(phone, incoming, opened.message) : opened
  switch (result.kind) {
    case 'filed':
      if (result.fault !== undefined) recordFault(phone, incoming, result.fault)
      return sendReceipt(phone, 'delivered', incoming)
    case 'repeated':
      phone.world.tallies.count('repeats', `+${incoming.sender.number}`)
      return sendReceipt(phone, 'delivered', incoming)
    case 'kept':
      if ('message' in opened) await answerPeer(phone, incoming, opened.message)
      return
    case 'refused':
      if (result.violation !== undefined)
        recordFault(phone, incoming, { ...result, violation: result.violation })
      if (result.askAgain) await askAgain(phone, incoming)
      return
    case 'unreadable':
      return askAgain(phone, incoming)
  }
}

/** A fault may keep a phone from reading what others write to it, never from the copies of its own devices. */
function isKeptFrom({ user, asksAgain }: Phone, { sender }: Incoming): boolean {
  return sender.number !== user.number && asksAgain(sender.number)
}

type Fault = { readonly violation: ViolationKind; readonly detail: string }

function recordFault({ world, user }: Phone, { id, sender }: Incoming, { violation, detail }: Fault): void {
  world.tallies.violation({
    kind: violation,
    account: `+${sender.number}`,
    detail: `message ${id} on +${user.number}: ${detail}`,
    at: world.now().toISOString(),
  })
}

async function open(phone: Phone, incoming: Incoming): Promise<{ message: proto.IMessage } | Filed> {
  const { node, sender, from } = incoming
  const device = phone.world.devices.get(sender.number, from.device)
  const shown = bytesOf(node, 'device-identity')
  const fault =
    device === undefined || shown === undefined
      ? undefined
      : identityFault(phone.world.phoneKeys.of(sender.number), device, shown)
  if (fault !== undefined)
    return { kind: 'refused', violation: 'bad-device-identity', detail: fault, askAgain: false }
  const sealed = child(node, 'enc')
  const type = sealed?.attrs.type as CipherType
  try {
    if (incoming.group !== undefined) {
      return { message: await openFromGroup(phone, incoming, incoming.group) }
    }
    const ciphertext = bytesOf(sealed) ?? Buffer.alloc(0)
    const message = await phone.signal.decrypt(peerOf(incoming), { type, ciphertext })
    phone.metAnew?.add(peerOf(incoming))
    return { message }
  } catch (error) {
    if (phone.metAnew?.has(peerOf(incoming)) === false) return { kind: 'unreadable' }
    return cipherFault(phone, incoming, error instanceof Error ? error.message : String(error))
  }
}

/**
 * A message key that was used already is no fault when the message is here: a sender killed between writing to the
 * socket and saving its ratchet encrypts the same message with the same key again.
 */
function cipherFault(phone: Phone, incoming: Incoming, detail: string): Filed {
  const { world, user, box } = phone
  const { id, sender } = incoming
  const keyUsed = detail.includes('Key used already')
  if (keyUsed && world.inbox.find(box, id)?.entry.from === `+${sender.number}`) return { kind: 'repeated' }
  if (keyUsed && sender.number === user.number && world.sent.find(box, id)) return { kind: 'kept' }
  if (detail.includes('no such sender key')) return keyFault(phone, incoming, detail)
  const violation = detail.includes('PreKey') ? 'unknown-prekey' : 'bad-ciphertext'
  return { kind: 'refused', violation, detail, askAgain: true }
}

/**
 * A sender key that was never handed out is a violation, unless the network itself lost it with a refused message or the
 * sender may not know of this companion yet.
 */
function keyFault({ world, device }: Phone, { group, sender, from }: Incoming, detail: string): Filed {
  const owner = senderKeyOwner(group?.id ?? '', { number: sender.number, device: from.device })
  const fault = { kind: 'refused', detail, askAgain: true } as const
  const isBlameless = device !== 0 || world.senderKeys.wereLost(owner)
  return isBlameless ? fault : { ...fault, violation: 'unknown-sender-key' }
}
