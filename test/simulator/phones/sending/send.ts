import { proto } from '@whiskeysockets/baileys'
import type { Mailbox } from '../../store/mail/queue.ts'
import type { User } from '../../store/people/users.ts'
import { STATUS_JID, statusCircle } from '../../store/social/circle.ts'
import { type Addressing, isCircleJid, jidOf } from '../../wire/address.ts'
import { type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import { noteInLedger } from '../ledger.ts'
import { clientsOf, othersOf, ownJid, type Phone } from '../phone.ts'
import { takeBundle } from '../signal/bundle.ts'
import { identityBeside } from '../signal/identity.ts'
import type { Ciphertext } from '../signal/signal.ts'
import { sendAgainInGroup } from './group.ts'
import { traitsOf } from './traits.ts'

/** One message for one device. `retry` numbers a repeat that the device asked for. */
type Parcel = {
  readonly to: User
  readonly mailbox: Mailbox
  readonly id: string
  readonly message: proto.IMessage
  readonly retry?: number
}

const ID_BYTES = 16

/**
 * Sends a message to all devices of a user, and a copy to the sender's own other devices. Gives the
 * message's id.
 */
export async function sendMessage(phone: Phone, to: User, message: proto.IMessage): Promise<string> {
  const { world, user, device, box } = phone
  const id = world.random.of(user.number).hex(ID_BYTES)
  const isNote = to.number === user.number
  const bytes = proto.Message.encode(message).finish()
  const at = world.now().toISOString()
  world.sent.add(box, { id, to: to.number, device, message: bytes, status: 'sent', at })
  noteInLedger(phone, { event: 'sent', id, from: user.number, chat: to.number, message })
  if (!isNote && !world.profiles.isBlocked(to.number, user.number)) {
    for (const mailbox of othersOf(phone, to.number)) await sendTo(phone, { to, mailbox, id, message })
    if (clientsOf(world, to.number).length > 0) world.tallies.count('messages_in', `+${to.number}`)
  }
  for (const mailbox of othersOf(phone, user.number)) await sendTo(phone, { to, mailbox, id, message })
  return id
}

/** Encrypts a message that this phone has sent once more, for the device that could not read it. */
export async function sendAgain(
  phone: Phone,
  mailbox: Mailbox,
  request: { id: string; retry: number },
): Promise<void> {
  const { world } = phone
  const known = world.sent.find(phone.box, request.id)
  if (known !== undefined && isCircleJid(known.to)) {
    const isStatus = known.to === STATUS_JID
    const group = isStatus ? statusCircle([mailbox.number]) : world.groups.get(known.to)
    const message = proto.Message.decode(known.message)
    if (group !== undefined) await sendAgainInGroup(phone, mailbox, { ...request, group, message })
    return
  }
  const to = known === undefined ? undefined : world.users.get(known.to)
  if (known === undefined || to === undefined) return
  await sendTo(phone, { to, mailbox, message: proto.Message.decode(known.message), ...request })
}

async function sendTo(phone: Phone, parcel: Parcel): Promise<void> {
  const { user, signal, enqueue } = phone
  const { to, mailbox, id, message, retry } = parcel
  const isOwn = mailbox.number === user.number
  const owner = isOwn ? user : to
  const said = isOwn ? { deviceSentMessage: { destinationJid: jidOf(to, 'pn'), message } } : message
  const peer = jidOf(owner, 'lid', mailbox.device)
  const sealed = await signal.encrypt(peer, said, () => takeBundle(phone, owner, mailbox.device))
  if (sealed === undefined) return
  const traits = traitsOf(message)
  const attributes = {
    ...messageAttributes(phone, 'pn'),
    id,
    type: traits.type,
    edit: traits.edit,
    recipient: isOwn ? jidOf(to, 'pn') : undefined,
  }
  const content = [
    sealedContent(sealed, { retry, ...traits.sealed }),
    ...identityBeside(phone, [sealed]),
    ...traits.beside,
  ]
  enqueue(mailbox, 'message', stanza('message', attributes, content))
}

/** The attributes that every message of a phone bears. */
export function messageAttributes(phone: Phone, by: Addressing): Readonly<Record<string, string>> {
  const { world, user } = phone
  const other = by === 'pn' ? { sender_lid: ownJid(phone, 'lid') } : { sender_pn: ownJid(phone, 'pn') }
  return { from: ownJid(phone, by), t: seconds(world.now()), notify: user.name, ...other }
}

/** A ciphertext with its attributes; `retry` numbers a repeat. */
export function sealedContent(
  { type, ciphertext }: Ciphertext,
  { retry, ...attributes }: { retry?: number | undefined; [name: string]: string | number | undefined } = {},
): Stanza {
  const count = retry === undefined ? undefined : String(retry)
  return stanza(
    'enc',
    { v: '2', type, count, ...(attributes as Record<string, string>) },
    Buffer.from(ciphertext),
  )
}
