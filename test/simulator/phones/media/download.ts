import type { World } from '../../store/world.ts'
import type { FilePart, OpenedFile } from '../content/kind.ts'
import { type MediaKind, openFile } from './file.ts'
import { pathOf } from './paths.ts'

/** Fetches the file of a message from the media host, checks everything about it and decrypts it. */
export function download({ media }: World, kind: MediaKind, part: FilePart): OpenedFile {
  const { directPath, mediaKey, fileSha256, fileEncSha256 } = part
  if (!directPath || !mediaKey || !fileSha256 || !fileEncSha256) {
    return bad(`the message leaves out where the ${kind} lies or how to open it`)
  }
  const stored = media.get(pathOf(directPath) ?? '')
  if (stored === undefined) return bad(`nothing was uploaded to ${directPath}`)
  if (stored.isExpired) return { kind: 'expired' }
  const claims = { mediaKey, fileSha256, fileEncSha256, fileLength: Number(part.fileLength ?? 0) }
  const bytes = openFile(kind, stored.bytes, claims)
  if (typeof bytes === 'string') return bad(`the ${kind} cannot be used: ${bytes}`)
  return { kind: 'opened', bytes, sha256: Buffer.from(fileSha256).toString('hex') }
}

function bad(fault: string): OpenedFile {
  return { kind: 'bad', fault }
}
