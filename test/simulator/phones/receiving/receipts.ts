import { bigEndian, seconds, stanza } from '../../wire/stanza.ts'
import { clientsOf, ownJid, type Phone } from '../phone.ts'
import { bundleContent, takeBundle } from '../signal/bundle.ts'
import { noteInGroup } from './group.ts'
import type { Incoming } from './incoming.ts'

/** A message that a receipt is about, and how its sender was addressed. */
export type ReceiptSubject = Pick<Incoming, 'id' | 'sender' | 'by' | 'group'>

const MAX_ATTEMPTS = 5
const KEYS_FROM_ATTEMPT = 2

/** Tells every device of the sender that a message has arrived or been read. */
export function sendReceipt(phone: Phone, type: 'delivered' | 'read', subject: ReceiptSubject): void {
  const { world, user, enqueue } = phone
  const { id, sender, group } = subject
  if (group === undefined) world.sent.advance(sender.number, id, type)
  else noteInGroup(world, group, { sender: sender.number, id, member: user.number, status: type })
  const named = type === 'read' ? 'read' : undefined
  const receipt = stanza('receipt', { ...signed(phone, subject), id, t: seconds(world.now()), type: named })
  for (const mailbox of clientsOf(world, sender.number)) enqueue(mailbox, 'receipt', receipt)
}

/**
 * Asks the sending device to encrypt a message again, up to five times; from the second time on with fresh keys to do
 * it with, as WhatsApp's own clients do.
 */
export async function askAgain(phone: Phone, incoming: Incoming): Promise<void> {
  const { id, node, sender, from } = incoming
  const { world, user, attempts, enqueue } = phone
  const attempt = (attempts.get(id) ?? 0) + 1
  if (attempt > MAX_ATTEMPTS) return
  attempts.set(id, attempt)
  world.tallies.count('retries', `+${sender.number}`)
  const t = seconds(world.now())
  const bundle = attempt >= KEYS_FROM_ATTEMPT ? await takeBundle(phone, user, phone.device) : undefined
  const content = [
    stanza('retry', { count: String(attempt), id, t, v: '1' }),
    stanza('registration', {}, bigEndian(world.phoneKeys.of(phone.box).registrationId, 4)),
    ...(bundle === undefined ? [] : [stanza('keys', {}, bundleContent(bundle))]),
  ]
  const recipient = node.attrs.recipient
  const receipt = stanza('receipt', { ...signed(phone, incoming), id, t, type: 'retry', recipient }, content)
  enqueue({ number: sender.number, device: from.device }, 'receipt', receipt)
}

/** Who a receipt is from: the user, or a member of a group. */
function signed(phone: Phone, { by, group }: ReceiptSubject): { from: string; participant?: string } {
  const jid = ownJid(phone, by)
  return group === undefined ? { from: jid } : { from: group.id, participant: jid }
}
