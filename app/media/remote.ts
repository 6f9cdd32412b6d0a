import { createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { PosternError, reasonOf } from '../lib/error.ts'
import type { Download } from '../model/egress-port.ts'
import type { ReceivedFile, RemoteFile } from '../model/media.ts'
import type { MediaType } from '../model/message.ts'

/** Where WhatsApp's media host is for an account, and the private networks that it may be in. */
export type MediaHost = { readonly host: string; readonly allowCidrs: readonly string[] }

/** `gone`: WhatsApp has it no longer. `failed`: another attempt may do better. */
export type Remote =
  | { readonly kind: 'found'; readonly bytes: AsyncIterable<Uint8Array> }
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

const TIMEOUT_MS = 15 * 60_000
/** A file that does not move must not hold others up for all that time. */
const SILENCE_MS = 30_000
const ORIGIN = 'https://web.whatsapp.com'
const KEYS: Readonly<Record<MediaType, string>> = {
  image: 'WhatsApp Image Keys',
  sticker: 'WhatsApp Image Keys',
  video: 'WhatsApp Video Keys',
  audio: 'WhatsApp Audio Keys',
  document: 'WhatsApp Document Keys',
}
const EXPANDED_BYTES = 112
const MAC_BYTES = 10
const GONE = new Set([403, 404, 410])

/**
 * Asks WhatsApp's media host for a file. The host is the one that WhatsApp names to the account, never the one that a
 * message names: its sender could write anything there.
 */
export async function askRemote(
  { type, remote }: ReceivedFile,
  { host, allowCidrs }: MediaHost,
  download: Download,
): Promise<Remote> {
  const url = URL.parse(`https://${host}${remote.directPath}`)
  if (!remote.directPath.startsWith('/') || url?.host !== host)
    return { kind: 'gone', reason: 'the message says nothing usable about where the file is' }
  const headers = { origin: ORIGIN, 'accept-encoding': 'identity' }
  const patience = { timeoutMs: TIMEOUT_MS, silenceMs: SILENCE_MS }
  const request = { url: url.href, method: 'GET', headers, allowCidrs, ...patience } as const
  const answer = await download(request)
  if (answer.kind !== 'answered') return { kind: 'failed', reason: answer.reason }
  if (answer.status === 200) return { kind: 'found', bytes: decrypted(type, remote, answer.body) }
  answer.body.destroy()
  const reason = `WhatsApp's media host answered ${answer.status}`
  return { kind: GONE.has(answer.status) ? 'gone' : 'failed', reason }
}

/**
 * The file inside. Hashes, MAC and size are known at the end alone: what came before must not be used when this throws
 * `media.damaged`.
 */
async function* decrypted(
  type: MediaType,
  remote: RemoteFile,
  body: AsyncIterable<Buffer>,
): AsyncGenerator<Uint8Array> {
  const { iv, cipherKey, macKey } = keysOf(type, remote)
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
  const [encrypted, plain] = [createHash('sha256'), createHash('sha256')]
  const mac = createHmac('sha256', macKey).update(iv)
  let size = 0
  const opened = (bytes: Buffer) => {
    size += bytes.length
    if (size > remote.size) throw damaged('it is larger than the message says')
    plain.update(bytes)
    return bytes
  }
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of body) {
    encrypted.update(chunk)
    const all = Buffer.concat([held, chunk])
    const end = Math.max(0, all.length - MAC_BYTES)
    held = all.subarray(end)
    const sealed = all.subarray(0, end)
    mac.update(sealed)
    yield opened(decipher.update(sealed))
  }
  const tag = mac.digest().subarray(0, MAC_BYTES)
  if (held.length !== MAC_BYTES || !timingSafeEqual(tag, held)) throw damaged('its MAC is wrong')
  if (encrypted.digest('hex') !== remote.encryptedSha256) throw damaged('its encrypted hash is another')
  yield opened(lastOf(decipher))
  if (plain.digest('hex') !== remote.sha256) throw damaged('its hash is another')
  if (size !== remote.size) throw damaged('it is smaller than the message says')
}

function lastOf(decipher: { final(): Buffer }): Buffer {
  try {
    return decipher.final()
  } catch (error) {
    throw damaged(reasonOf(error))
  }
}

function keysOf(
  type: MediaType,
  { mediaKey }: RemoteFile,
): { iv: Buffer; cipherKey: Buffer; macKey: Buffer } {
  const keys = Buffer.from(
    hkdfSync('sha256', Buffer.from(mediaKey, 'base64'), '', KEYS[type], EXPANDED_BYTES),
  )
  return { iv: keys.subarray(0, 16), cipherKey: keys.subarray(16, 48), macKey: keys.subarray(48, 80) }
}

function damaged(reason: string): PosternError {
  return new PosternError('media.damaged', `the file is not the one that the message is about: ${reason}`)
}
