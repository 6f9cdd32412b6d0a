import { proto } from '@whiskeysockets/baileys'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { sealFile } from '../media/file.ts'
import { storeFile } from '../media/paths.ts'
import { type CollectionName, heldBy } from './held.ts'
import { snapshotMacOf } from './macs.ts'

/** Puts all that is in force in a collection on the media host; gives where it lies, as a device is told. */
export function uploadSnapshot(world: World, user: User, name: CollectionName): Uint8Array {
  const { newest, hash, version } = heldBy(world, user, name)
  const records = world.collections.records(user.number, name)
  const plain = proto.SyncdSnapshot.encode({
    version: { version },
    records: records.map(({ sealed }) => proto.SyncdRecord.decode(sealed)),
    mac: snapshotMacOf(newest.macs, hash, { name, version }),
    keyId: { id: newest.id },
  }).finish()
  const { bytes, mediaKey, fileSha256, fileEncSha256 } = sealFile('md-app-state', plain)
  const { directPath } = storeFile(world, { kind: 'md-app-state', bytes, account: user.number })
  const found = { mediaKey, directPath, fileSha256, fileEncSha256, fileSizeBytes: bytes.length }
  return proto.ExternalBlobReference.encode(found).finish()
}
