import { proto } from '@whiskeysockets/baileys'

/** Which MAC of a patch somebody has spoilt. */
export const SPOILT_MACS = ['patch', 'value'] as const
export type SpoiltMac = (typeof SPOILT_MACS)[number]

/** Behind the ciphertext of a value stands its MAC, of this length. */
const MAC_BYTES = 32

/** A patch of the app state as somebody would leave it who has no key: a bit of it is another. */
export function spoiltPatch(bytes: Uint8Array, mac: SpoiltMac): Uint8Array {
  const patch = proto.SyncdPatch.decode(bytes)
  const value = patch.mutations?.[0]?.record?.value
  if (mac === 'patch') patch.patchMac = flipped(patch.patchMac, 1)
  else if (value != null) value.blob = flipped(value.blob, MAC_BYTES + 1)
  return proto.SyncdPatch.encode(patch).finish()
}

function flipped(bytes: Uint8Array | null | undefined, fromTheEnd: number): Buffer {
  const copy = Buffer.from(bytes ?? [])
  copy.writeUInt8(copy.readUInt8(copy.length - fromTheEnd) ^ 1, copy.length - fromTheEnd)
  return copy
}
