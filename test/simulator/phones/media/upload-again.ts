import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import { jidOf } from '../../wire/address.ts'
import { bytesOf, child, type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import { unwrap } from '../content/context.ts'
import type { FilePart } from '../content/kind.ts'
import { findKnown } from '../known.ts'
import type { Phone } from '../phone.ts'
import { lookUp } from '../receiving/incoming.ts'
import type { MediaKind } from './file.ts'
import { storeFile } from './paths.ts'

const { ResultType } = proto.MediaRetryNotification
const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/**
 * Answers one of the account's own devices that could not download the file of a message: the phone uploads its copy
 * once more and tells the new path, encrypted for who has the message.
 */
export function uploadAgain(phone: Phone, node: Stanza): void {
  const { world, user, enqueue } = phone
  const incoming = lookUp(world, node)
  if (incoming === undefined) return
  const { id, from } = incoming
  const attributes = { from: jidOf(user, 'pn'), type: 'mediaretry', id, t: seconds(world.now()) }
  const about = stanza('rmr', { ...child(node, 'rmr')?.attrs })
  const answer = answerTo(phone, id, child(node, 'encrypt'))
  enqueue(
    { number: user.number, device: from.device },
    'notification',
    stanza('notification', attributes, [answer, about]),
  )
}

function answerTo({ world, user }: Phone, id: string, asked: Stanza | undefined): Stanza {
  const known = findKnown(world, user, { id })
  const [kind = '', part] = known === undefined ? [] : (fileOf(known.message) ?? [])
  const hash = Buffer.from(part?.fileEncSha256 ?? []).toString('base64url')
  const bytes = hash === '' ? undefined : world.media.bytesOf(hash)
  if (part?.mediaKey == null || bytes === undefined) return failure(ResultType.NOT_FOUND)
  const key = Buffer.from(
    hkdfSync('sha256', part.mediaKey, '', 'WhatsApp Media Retry Notification', KEY_BYTES),
  )
  if (askedFor(key, id, asked) !== id) return failure(ResultType.DECRYPTION_ERROR)
  const { directPath } = storeFile(world, { kind, bytes, account: user.number })
  const found = { stanzaId: id, directPath, result: ResultType.SUCCESS }
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(id))
  const plain = proto.MediaRetryNotification.encode(found).finish()
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return stanza('encrypt', {}, [stanza('enc_p', {}, sealed), stanza('enc_iv', {}, iv)])
}

/** The id inside a request; undefined when the request was not made with the file's key for this message. */
function askedFor(key: Buffer, id: string, asked: Stanza | undefined): string | undefined {
  const sealed = bytesOf(asked, 'enc_p') ?? Buffer.alloc(0)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytesOf(asked, 'enc_iv') ?? Buffer.alloc(IV_BYTES))
    decipher.setAAD(Buffer.from(id))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
    return proto.ServerErrorReceipt.decode(plain).stanzaId ?? undefined
  } catch {
    return undefined
  }
}

function failure(code: number): Stanza {
  return stanza('error', { code: String(code) })
}

/** The kind of a message's file and the member that is about it, if it has one. */
function fileOf(whole: proto.IMessage): readonly [MediaKind, FilePart] | undefined {
  const { message } = unwrap(whole)
  const members: readonly (readonly [MediaKind, FilePart | null | undefined])[] = [
    ['image', message.imageMessage],
    ['video', message.videoMessage ?? message.ptvMessage],
    ['audio', message.audioMessage],
    ['document', message.documentMessage],
    ['sticker', message.stickerMessage],
  ]
  for (const [kind, part] of members) if (part != null) return [kind, part]
  return undefined
}
