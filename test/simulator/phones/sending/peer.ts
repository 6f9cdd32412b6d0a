import type { proto } from '@whiskeysockets/baileys'
import { jidOf } from '../../wire/address.ts'
import { stanza } from '../../wire/stanza.ts'
import type { Phone } from '../phone.ts'
import { takeBundle } from '../signal/bundle.ts'
import { messageAttributes, sealedContent } from './send.ts'

const ID_BYTES = 16

/** Tells one of the account's own devices something that is about no chat; false when it cannot be written to. */
export async function sendPeer(
  phone: Phone,
  device: number,
  protocolMessage: proto.Message.IProtocolMessage,
): Promise<boolean> {
  const { world, user, signal, enqueue } = phone
  const peer = jidOf(user, 'lid', device)
  const sealed = await signal.encrypt(peer, { protocolMessage }, () => takeBundle(phone, user, device))
  if (sealed === undefined) return false
  const id = world.random.of(user.number).hex(ID_BYTES)
  const attributes = { ...messageAttributes(phone, 'pn'), id, type: 'text', category: 'peer' }
  enqueue({ number: user.number, device }, 'message', stanza('message', attributes, [sealedContent(sealed)]))
  return true
}
