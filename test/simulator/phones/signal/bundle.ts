import { Curve } from '@whiskeysockets/baileys'
import { boxOf, type Mailbox } from '../../store/mail/queue.ts'
import type { PublicSignedPreKey } from '../../store/people/devices.ts'
import type { PublicPreKey } from '../../store/people/prekeys.ts'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { bigEndian, type Stanza, stanza } from '../../wire/stanza.ts'
import { isPlayed, type Outlet } from '../phone.ts'
import { sendPreKeysLow } from './prekeys-low.ts'

/** What somebody needs to open a Signal session with a device. A device out of one-time keys gives none. */
export type KeyBundle = {
  readonly registrationId: number
  readonly identity: Uint8Array
  readonly signedPreKey: PublicSignedPreKey
  readonly preKey?: PublicPreKey
}

/** With fewer than this left, WhatsApp asks a device for more. */
const PREKEYS_LOW = 5

/**
 * The bundle of a device, with a one-time key that nobody else is given; undefined when there is no such device.
 * Linked devices have uploaded theirs; what the simulator plays makes one when it is asked for.
 */
export async function takeBundle(outlet: Outlet, user: User, device: number): Promise<KeyBundle | undefined> {
  const { world } = outlet
  if (isPlayed(world, { number: user.number, device }))
    return playedBundle(world, { number: user.number, device })
  const known = world.devices.get(user.number, device)
  if (known === undefined) return undefined
  const preKey = world.preKeys.take(user.number, device)
  if (world.preKeys.count(user.number, device) === PREKEYS_LOW - 1) {
    sendPreKeysLow(outlet, { number: user.number, device })
  }
  const { registrationId, identity, signedPreKey } = known
  return { registrationId, identity, signedPreKey, ...(preKey === undefined ? {} : { preKey }) }
}

async function playedBundle(world: World, mailbox: Mailbox): Promise<KeyBundle> {
  const { number } = mailbox
  const box = boxOf(mailbox)
  const keys = world.phoneKeys.of(box)
  const id = world.users.get(number)?.nextPreKeyId ?? 1
  const pair = Curve.generateKeyPair()
  await world.signalKeys.of(box).set({ 'pre-key': { [id]: pair } })
  world.users.change(number, { nextPreKeyId: id + 1 })
  const { keyId, keyPair, signature } = keys.signedPreKey
  return {
    registrationId: keys.registrationId,
    identity: keys.signedIdentityKey.public,
    signedPreKey: { id: keyId, key: keyPair.public, signature },
    preKey: { id, key: pair.public },
  }
}

/** A bundle as key answers and retry receipts carry it; the registration id stands beside it. */
export function bundleContent({ identity, signedPreKey, preKey }: KeyBundle): Stanza[] {
  return [
    stanza('type', {}, Buffer.from([5])),
    stanza('identity', {}, Buffer.from(identity)),
    stanza('skey', {}, [
      ...keyContent(signedPreKey),
      stanza('signature', {}, Buffer.from(signedPreKey.signature)),
    ]),
    ...(preKey === undefined ? [] : [stanza('key', {}, keyContent(preKey))]),
  ]
}

function keyContent({ id, key }: PublicPreKey): Stanza[] {
  return [stanza('id', {}, bigEndian(id, 3)), stanza('value', {}, Buffer.from(key))]
}
