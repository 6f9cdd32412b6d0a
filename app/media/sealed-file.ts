import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { PosternError } from '../lib/error.ts'
import type { StoredFile } from '../model/media.ts'

/** Bytes from `start` up to, and not including, `end`. */
export type Span = { readonly start: number; readonly end: number }

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CHUNK_BYTES = 64 * 1024
const SEALED_BYTES = CHUNK_BYTES + TAG_BYTES
/** Chunks to one write: each waits for the disk. */
const BATCH = 8

/**
 * An encrypted file of chunks, each sealed by itself, so that any part can be read without the rest. The key is for this
 * file alone; a chunk's nonce is its number and whether it is the last, so that none can be moved, left out or cut off.
 */
export type SealedWriter = {
  write(bytes: Uint8Array): Promise<void>
  /** Seals what is left. Everything is on the disk then. */
  end(): Promise<Omit<StoredFile, 'name'>>
  /** Gives the file up; the caller removes it. */
  abandon(): Promise<void>
}

export async function createSealed(path: string): Promise<SealedWriter> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_DSYNC } = constants
  // Each write waits for the disk: Node's permission model refuses fsync.
  const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_DSYNC, 0o600)
  const key = new Uint8Array(randomBytes(KEY_BYTES))
  const plain = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  const batch = Buffer.allocUnsafeSlow(BATCH * SEALED_BYTES)
  let filled = 0
  let batched = 0
  let count = 0

  async function seal(isLast: boolean): Promise<void> {
    const cipher = createCipheriv(CIPHER, key, nonceOf(count, isLast), { authTagLength: TAG_BYTES })
    batched += cipher.update(plain.subarray(0, filled)).copy(batch, batched)
    cipher.final()
    batched += cipher.getAuthTag().copy(batch, batched)
    count += 1
    filled = 0
    if (isLast || batched + SEALED_BYTES > batch.length) await flush()
  }

  async function flush(): Promise<void> {
    for (let done = 0; done < batched; ) {
      done += (await handle.write(batch, done, batched - done)).bytesWritten
    }
    batched = 0
  }

  return {
    async write(bytes) {
      for (let taken = 0; taken < bytes.length; ) {
        if (filled === CHUNK_BYTES) await seal(false)
        const part = bytes.subarray(taken, taken + CHUNK_BYTES - filled)
        plain.set(part, filled)
        filled += part.length
        taken += part.length
      }
    },
    async end() {
      const size = count * CHUNK_BYTES + filled
      await seal(true)
      await handle.close()
      return { size, key }
    },
    abandon: () => handle.close(),
  }
}

/** A span of an encrypted file in the clear. It fails with `store.corrupt` when the file is not what was written. */
export function openSealed(
  path: string,
  file: StoredFile,
  span: Span = { start: 0, end: file.size },
): Readable {
  return Readable.from(read(path, file, span), { objectMode: false, highWaterMark: CHUNK_BYTES })
}

async function* read(path: string, file: StoredFile, { start, end }: Span): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r')
  try {
    const sealed = Buffer.allocUnsafeSlow(SEALED_BYTES)
    for (let n = Math.floor(start / CHUNK_BYTES); n * CHUNK_BYTES < end; n += 1) {
      const chunk = await readChunk(handle, sealed, { file, n })
      const from = n * CHUNK_BYTES
      yield chunk.subarray(Math.max(0, start - from), Math.min(chunk.length, end - from))
    }
  } finally {
    await handle.close()
  }
}

async function readChunk(
  handle: FileHandle,
  sealed: Buffer,
  { file, n }: { file: StoredFile; n: number },
): Promise<Buffer> {
  const last = Math.max(0, Math.ceil(file.size / CHUNK_BYTES) - 1)
  const length = TAG_BYTES + (n === last ? file.size - last * CHUNK_BYTES : CHUNK_BYTES)
  const { bytesRead } = await handle.read(sealed, 0, length, n * SEALED_BYTES)
  const decipher = createDecipheriv(CIPHER, file.key, nonceOf(n, n === last), { authTagLength: TAG_BYTES })
  try {
    if (bytesRead < length) throw new RangeError('the file ends early')
    const plain = decipher.update(sealed.subarray(0, length - TAG_BYTES))
    decipher.setAuthTag(sealed.subarray(length - TAG_BYTES, length))
    decipher.final()
    return plain
  } catch (cause) {
    throw new PosternError('store.corrupt', 'a file of media was changed or cut off', { cause })
  }
}

function nonceOf(n: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUInt8(isLast ? 1 : 0)
  nonce.writeUInt32BE(n, NONCE_BYTES - 4)
  return nonce
}
