import { Curve, proto, WA_ADV_ACCOUNT_SIG_PREFIX, WA_ADV_DEVICE_SIG_PREFIX } from '@whiskeysockets/baileys'
import { signatureValid } from '../../noise/signature.ts'
import type { Device } from '../../store/people/devices.ts'
import type { PhoneKeys } from '../../store/people/phone-keys.ts'
import type { World } from '../../store/world.ts'
import { type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import type { Phone } from '../phone.ts'
import type { Ciphertext } from './signal.ts'

const accepted = new WeakMap<Device, string>()
const shownBefore = new WeakMap<Device, Buffer>()

/**
 * Whether the identity that a companion shows with its first messages is the one its own phone signed. Answers the
 * fault as a sentence, undefined when there is none.
 */
export function identityFault(primaryKeys: PhoneKeys, device: Device, shown: Uint8Array): string | undefined {
  const fingerprint = Buffer.from(shown).toString('base64')
  if (accepted.get(device) === fingerprint) return undefined
  const { details, accountSignature, accountSignatureKey } = proto.ADVSignedDeviceIdentity.decode(shown)
  if (!details || !accountSignature) return 'the device identity is incomplete'
  const primary = primaryKeys.signedIdentityKey.public
  if (!accountSignatureKey || !Buffer.from(accountSignatureKey).equals(primary)) {
    return 'the device identity names another account key'
  }
  const signed = Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, device.identity])
  if (!signatureValid(primary, signed, accountSignature))
    return 'the account signature does not fit the device'
  accepted.set(device, fingerprint)
  return undefined
}

/** The identity that a phone gives a companion: signed by the phone, to be signed by the companion. */
export function signIdentity(
  world: World,
  number: string,
  { device, companion }: { device: number; companion: Uint8Array },
): { details: Buffer; identity: proto.IADVSignedDeviceIdentity } {
  const primary = world.phoneKeys.of(number).signedIdentityKey
  const fields = {
    rawId: 1,
    timestamp: Number(seconds(world.now())),
    keyIndex: device,
    accountType: 0,
    deviceType: 0,
  }
  const details = Buffer.from(proto.ADVDeviceIdentity.encode(fields).finish())
  const signed = Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, companion])
  const accountSignature = Curve.sign(primary.private, signed)
  return { details, identity: { details, accountSignatureKey: primary.public, accountSignature } }
}

/** What a companion shows beside a ciphertext that opens a session; nothing for a phone. */
export function identityBeside({ world, user, device, box }: Phone, sealed: readonly Ciphertext[]): Stanza[] {
  const known = world.devices.get(user.number, device)
  if (known === undefined || !sealed.some(({ type }) => type === 'pkmsg')) return []
  const shown = shownBefore.get(known) ?? ownIdentity(world, known, box)
  shownBefore.set(known, shown)
  return [stanza('device-identity', {}, shown)]
}

function ownIdentity(world: World, { number, id, identity: companion }: Device, box: string): Buffer {
  const { details, identity } = signIdentity(world, number, { device: id, companion })
  const primary = world.phoneKeys.of(number).signedIdentityKey.public
  const own = world.phoneKeys.of(box).signedIdentityKey
  const signed = Buffer.concat([WA_ADV_DEVICE_SIG_PREFIX, details, own.public, primary])
  const deviceSignature = Curve.sign(own.private, signed)
  return Buffer.from(proto.ADVSignedDeviceIdentity.encode({ ...identity, deviceSignature }).finish())
}
