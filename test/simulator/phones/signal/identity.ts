import { proto, WA_ADV_ACCOUNT_SIG_PREFIX } from '@whiskeysockets/baileys'
import { signatureValid } from '../../noise/signature.ts'
import type { Device } from '../../store/people/devices.ts'
import type { PhoneKeys } from '../../store/people/phone-keys.ts'

const accepted = new WeakMap<Device, string>()

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
