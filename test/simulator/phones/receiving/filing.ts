import { proto } from '@whiskeysockets/baileys'
import type { ViolationKind } from '../../store/mail/tallies.ts'
import { parseAddress } from '../../wire/address.ts'
import { contentDigest, readContent } from '../content.ts'
import { noteInLedger } from '../ledger.ts'
import type { Phone } from '../phone.ts'
import { type Incoming, userAt } from './incoming.ts'
import { readerOf } from './reader.ts'

/** What became of a message: filed in the inbox, there already, kept without an inbox entry, unreadable or refused. */
export type Filed =
  | {
      readonly kind: 'filed'
      readonly fault?: { readonly violation: ViolationKind; readonly detail: string }
    }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'kept' }
  /** For keys that this phone had before it was set up anew, or missed while it did not read; nobody's fault. */
  | { readonly kind: 'unreadable' }
  | {
      readonly kind: 'refused'
      /** undefined where the sender could not know better. */
      readonly violation?: ViolationKind
      readonly detail: string
      readonly askAgain: boolean
    }

/**
 * Puts a decrypted message where it belongs; refuses one that says something that it must not say to this
 * device.
 */
export function fileMessage(phone: Phone, incoming: Incoming, message: proto.IMessage): Filed {
  const isOwn = incoming.sender.number === phone.user.number
  if (incoming.node.attrs.category === 'peer') {
    return isOwn ? { kind: 'kept' } : refused('wrong-destination', 'a peer message from another account')
  }
  if (incoming.group !== undefined) return fileFromGroup(phone, incoming, incoming.group.id, message)
  const copy = message.deviceSentMessage
  if (isOwn && !copy)
    return refused('wrong-destination', 'the copy for the own phone does not say where it went')
  if (!isOwn && copy) return refused('wrong-destination', 'a copy for own devices went to a contact')
  const said = copy?.message ?? message
  const digest = contentDigest(said)
  if (!phone.world.contents.claim(incoming.sender.number, incoming.id, digest)) {
    return refused('message-id-reused', 'its id stands for another content already')
  }
  return copy
    ? fileCopy(phone, incoming, { destination: copy.destinationJid, said, digest })
    : fileContent(phone, incoming, { said, digest })
}

type Read = { readonly said: proto.IMessage; readonly digest: string }
type Copy = Read & { readonly destination: string | null | undefined }

function fileCopy(phone: Phone, incoming: Incoming, { destination, said, digest }: Copy): Filed {
  const { world } = phone
  const { node } = incoming
  const recipient = node.attrs.recipient
  if (recipient === undefined || destination !== recipient) {
    return refused('wrong-destination', `the copy names ${destination} but the message went to ${recipient}`)
  }
  const address = parseAddress(recipient)
  const to = userAt(world, address)?.number ?? address?.user ?? recipient
  return keepCopy(phone, incoming, { to, said, digest })
}

/** Files what a linked device has sent under what was sent, once. */
function keepCopy(phone: Phone, { id, from }: Incoming, copy: Read & { readonly to: string }): Filed {
  const { world, user, box } = phone
  const { to, said: message, digest } = copy
  if (world.sent.find(box, id) !== undefined) return { kind: 'kept' }
  const bytes = proto.Message.encode(message).finish()
  const at = world.now().toISOString()
  world.sent.add(box, { id, to, device: from.device, message: bytes, status: 'sent', at })
  noteInLedger(phone, { event: 'copied', id, from: user.number, chat: to, message, digest })
  return { kind: 'kept' }
}

/** What own devices sent to a group comes to the phone as it comes to everybody. */
function fileFromGroup(phone: Phone, incoming: Incoming, group: string, message: proto.IMessage): Filed {
  const { world, user } = phone
  const { id, sender } = incoming
  const digest = contentDigest(message)
  if (!world.contents.claim(sender.number, id, digest)) {
    return refused('message-id-reused', 'its id stands for another content already')
  }
  const read = { said: message, digest }
  if (sender.number !== user.number) return fileContent(phone, incoming, read)
  return keepCopy(phone, incoming, { ...read, to: group })
}

function fileContent(phone: Phone, { id, sender, by, group }: Incoming, { said, digest }: Read): Filed {
  const { world, user, box } = phone
  const from = `+${sender.number}`
  const { fault, ...content } = readContent(said, readerOf(world, user, sender))
  const entry = { id, from, chat: group?.id ?? from, ...content, at: world.now().toISOString() }
  if (!world.inbox.add(box, { entry, by })) return { kind: 'repeated' }
  const message = proto.Message.encode(said).finish()
  world.received.add(box, { id, sender: sender.number, message })
  const chat = group?.id ?? sender.number
  noteInLedger(phone, { event: 'seen', id, from: sender.number, chat, message: said, digest })
  if (fault === undefined) return { kind: 'filed' }
  const violation = said.pollUpdateMessage == null ? 'bad-media' : 'bad-vote'
  return { kind: 'filed', fault: { violation, detail: fault } }
}

function refused(violation: ViolationKind, detail: string): Filed {
  return { kind: 'refused', violation, detail, askAgain: false }
}
