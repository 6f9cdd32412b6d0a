import { jidOf } from '../../wire/address.ts'
import { bigEndian, seconds, stanza } from '../../wire/stanza.ts'
import { companionsOf, type Phone } from '../phone.ts'
import { bundleContent, takeBundle } from '../signal/bundle.ts'
import type { Incoming } from './incoming.ts'

/** A message that a receipt is about, and how its sender was addressed. */
export type ReceiptSubject = Pick<Incoming, 'id' | 'sender' | 'by'>

const MAX_ATTEMPTS = 5
const KEYS_FROM_ATTEMPT = 2

/** Tells every device of the sender that a message has arrived or been read. */
export function sendReceipt(
  phone: Phone,
  type: 'delivered' | 'read',
  { id, sender, by }: ReceiptSubject,
): void {
  const { world, user, enqueue } = phone
  world.sent.advance(sender.number, id, type)
  const named = type === 'read' ? 'read' : undefined
  const receipt = stanza('receipt', { from: jidOf(user, by), id, t: seconds(world.now()), type: named })
  for (const mailbox of companionsOf(world, sender.number)) enqueue(mailbox, 'receipt', receipt)
}

/**
 * Asks the sending device to encrypt a message again, up to five times; from the second time on with fresh keys to do
 * it with, as WhatsApp's own clients do.
 */
export async function askAgain(phone: Phone, { id, node, sender, from, by }: Incoming): Promise<void> {
  const { world, user, attempts, enqueue } = phone
  const attempt = (attempts.get(id) ?? 0) + 1
  if (attempt > MAX_ATTEMPTS) return
  attempts.set(id, attempt)
  world.tallies.count('retries', `+${sender.number}`)
  const t = seconds(world.now())
  const bundle = attempt >= KEYS_FROM_ATTEMPT ? await takeBundle(phone, user, 0) : undefined
  const content = [
    stanza('retry', { count: String(attempt), id, t, v: '1' }),
    stanza('registration', {}, bigEndian(world.phoneKeys.of(user.number).registrationId, 4)),
    ...(bundle === undefined ? [] : [stanza('keys', {}, bundleContent(bundle))]),
  ]
  const recipient = node.attrs.recipient
  const receipt = stanza('receipt', { from: jidOf(user, by), id, t, type: 'retry', recipient }, content)
  enqueue({ number: sender.number, device: from.device }, 'receipt', receipt)
}
