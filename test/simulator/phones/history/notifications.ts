import { deflateSync } from 'node:zlib'
import { proto } from '@whiskeysockets/baileys'
import type { Device } from '../../store/people/devices.ts'
import type { User } from '../../store/people/users.ts'
import type { History } from '../../store/social/profiles.ts'
import type { World } from '../../store/world.ts'
import { sealFile } from '../media/file.ts'
import { storeFile } from '../media/paths.ts'
import { type Chunk, chunksFor } from './chunks.ts'

const { ProtocolMessage, HistorySyncType } = proto.Message
/** What is longer does not fit into a message. */
const INLINE_BYTES = 64 * 1024

type Source = { readonly world: World; readonly user: User }

/** What a phone tells a new companion of what was said before, part by part, as the messages that announce it. */
export function historyNotifications(
  { world, user }: Source,
  device: Device,
): readonly proto.Message.IProtocolMessage[] {
  const { history } = world.profiles.of(user.number)
  const asked: History = history === 'full' && !device.wantsFullHistory ? 'recent' : history
  return chunksFor(world, user, asked).map(chunk => {
    const { chunkOrder, progress } = chunk
    const syncType = chunk.syncType as number as proto.Message.HistorySyncType
    return {
      type: ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: { syncType, chunkOrder, progress, ...blobOf({ world, user }, chunk) },
    }
  })
}

/** The beginning of a history is inside the message if it fits; all else where the phone is set up to put it. */
function blobOf({ world, user }: Source, chunk: Chunk): proto.Message.IHistorySyncNotification {
  const bytes = deflateSync(proto.HistorySync.encode(chunk).finish())
  const isInside =
    world.profiles.of(user.number).blobs === 'inline' ||
    ((chunk.syncType as number) === HistorySyncType.INITIAL_BOOTSTRAP && bytes.length <= INLINE_BYTES)
  if (isInside) return { initialHistBootstrapInlinePayload: bytes }
  const { bytes: sealed, ...claims } = sealFile('md-msg-hist', bytes)
  const { directPath } = storeFile(world, { kind: 'md-msg-hist', bytes: sealed, account: user.number })
  return { ...claims, directPath }
}
