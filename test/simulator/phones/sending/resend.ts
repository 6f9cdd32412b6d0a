import { bytesOf, child, numberOf, type Stanza } from '../../wire/stanza.ts'
import type { Phone } from '../phone.ts'
import { lookUp, peerOf } from '../receiving/incoming.ts'
import { type KeyBundle, takeBundle } from '../signal/bundle.ts'
import { sendAgain } from './send.ts'

/**
 * Answers a device that could not decrypt this phone's message: a new session, then the message once more.
 */
export async function resendOnRetry(phone: Phone, node: Stanza): Promise<void> {
  const incoming = lookUp(phone.world, node)
  if (incoming === undefined) return
  const { sender, from, id } = incoming
  phone.world.tallies.count('retries', `+${sender.number}`)
  const bundle = shownBundle(node) ?? (await takeBundle(phone, sender, from.device))
  if (bundle === undefined) return
  await phone.signal.begin(peerOf(incoming), bundle)
  const retry = Number(child(node, 'retry')?.attrs.count ?? 1)
  await sendAgain(phone, { number: sender.number, device: from.device }, { id, retry })
}

/** The fresh keys inside a retry receipt; undefined when there are none or they are incomplete. */
function shownBundle(node: Stanza): KeyBundle | undefined {
  const keys = child(node, 'keys')
  const skey = child(keys, 'skey')
  const key = child(keys, 'key')
  const registrationId = numberOf(node, 'registration')
  const identity = bytesOf(keys, 'identity')
  const signed = {
    id: numberOf(skey, 'id'),
    key: bytesOf(skey, 'value'),
    signature: bytesOf(skey, 'signature'),
  }
  if (registrationId === undefined || identity === undefined) return undefined
  if (signed.id === undefined || signed.key === undefined || signed.signature === undefined) return undefined
  const preKey = { id: numberOf(key, 'id'), key: bytesOf(key, 'value') }
  return {
    registrationId,
    identity,
    signedPreKey: { id: signed.id, key: signed.key, signature: signed.signature },
    ...(preKey.id === undefined || preKey.key === undefined
      ? {}
      : { preKey: { id: preKey.id, key: preKey.key } }),
  }
}
