import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { hmacSign, proto } from '@whiskeysockets/baileys'

const hashOf = (option: string) => createHash('sha256').update(option).digest()

/** A poll, and who votes in it under which JID. */
export type Ballot = {
  readonly id: string
  readonly secret: Uint8Array
  readonly author: string
  readonly voter: string
}

/** A vote as WhatsApp's clients make it; Baileys reads votes but makes none. */
export function sealVote(
  { id, secret, author, voter }: Ballot,
  options: readonly string[],
): proto.Message.IPollEncValue {
  const info = Buffer.concat([Buffer.from(`${id}${author}${voter}Poll Vote`), Buffer.from([1])])
  const key = hmacSign(info, hmacSign(secret, Buffer.alloc(32)))
  const encIv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, encIv)
  cipher.setAAD(Buffer.from(`${id}\0${voter}`))
  const plain = proto.Message.PollVoteMessage.encode({ selectedOptions: options.map(hashOf) }).finish()
  return { encPayload: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]), encIv }
}
