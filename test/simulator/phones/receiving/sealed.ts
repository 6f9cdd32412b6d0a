import { createHash } from 'node:crypto'
import { parseAddress } from '../../wire/address.ts'
import { bytesOf, children, type Stanza } from '../../wire/stanza.ts'
import type { Phone } from '../phone.ts'
import type { Filed } from './filing.ts'
import { type Incoming, userAt } from './incoming.ts'

/**
 * True for what a phone takes without opening it because it is told not to read. What its own devices ask of it is opened
 * nonetheless, for nobody else can answer.
 */
export function isLeftSealed({ world, user }: Phone, { node }: Incoming): boolean {
  return !world.profiles.of(user.number).reads && node.attrs.category !== 'peer'
}

/** Files a message by its ciphertexts. Whether they say anything, and what they do to the phone's sessions, stays unknown. */
export function fileSealed(phone: Phone, incoming: Incoming): Filed {
  const { world, user, box } = phone
  const { node, id, sender, by, group } = incoming
  const isOwn = sender.number === user.number
  const from = `+${sender.number}`
  const content = { ciphertexts: children(node, 'enc').map(outsideOf) }
  const chat = group?.id ?? (isOwn ? recipientOf(phone, node) : from)
  const entry = { id, from, chat, type: 'sealed', content, at: world.now().toISOString() }
  if (!world.inbox.add(box, { entry, by })) return { kind: 'repeated' }
  return isOwn ? { kind: 'kept' } : { kind: 'filed' }
}

function outsideOf(sealed: Stanza): { type: string; size: number; sha256: string } {
  const ciphertext = bytesOf(sealed) ?? Buffer.alloc(0)
  const sha256 = createHash('sha256').update(ciphertext).digest('hex')
  return { type: String(sealed.attrs.type), size: ciphertext.length, sha256 }
}

/** Where the copy of a message that an own device has sent says that it went. */
function recipientOf({ world }: Phone, { attrs }: Stanza): string {
  const user = userAt(world, parseAddress(attrs.recipient))
  return user === undefined ? String(attrs.recipient) : `+${user.number}`
}
