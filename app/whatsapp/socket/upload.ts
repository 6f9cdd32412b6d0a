import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { encryptedStream, type WASocket } from '@whiskeysockets/baileys'
import type { RemoteFile } from '../../model/media.ts'
import type { MediaType } from '../../model/message.ts'

/** Without a byte for so long, WhatsApp's media host is given up. */
const SILENCE_MS = 60_000

/** Encrypts a file under a key of its own and has WhatsApp take it. Nothing of it stands on the disk in the clear. */
export async function upload(
  sock: Pick<WASocket, 'waUploadToServer'>,
  { file, type, at }: { readonly file: Readable; readonly type: MediaType; readonly at: Date },
): Promise<RemoteFile> {
  const sealed = await encryptedStream({ stream: file }, type)
  try {
    const fileEncSha256B64 = sealed.fileEncSha256.toString('base64')
    const placed = await sock.waUploadToServer(sealed.encFilePath, {
      ...{ fileEncSha256B64, mediaType: type },
      timeoutMs: SILENCE_MS,
    })
    return {
      directPath: placed.directPath,
      url: placed.mediaUrl,
      mediaKey: Buffer.from(sealed.mediaKey).toString('base64'),
      sha256: sealed.fileSha256.toString('hex'),
      encryptedSha256: sealed.fileEncSha256.toString('hex'),
      size: sealed.fileLength,
      keyedAt: Math.floor(at.getTime() / 1_000),
    }
  } finally {
    await rm(sealed.encFilePath, { force: true })
  }
}
