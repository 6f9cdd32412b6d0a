import { aesDecryptGCM, aesEncryptGCM } from '@whiskeysockets/baileys'

/**
 * The encrypted channel after the handshake. Each direction counts its frames; a lost or changed one breaks
 * it for good.
 */
export type Transport = {
  encrypt(plain: Uint8Array): Buffer
  /** Throws when the frame is not the next one of this client. */
  decrypt(sealed: Uint8Array): Buffer
}

const NO_DATA = Buffer.alloc(0)

export function createTransport(readKey: Buffer, writeKey: Buffer): Transport {
  let read = 0
  let written = 0
  return {
    encrypt: plain => aesEncryptGCM(plain, writeKey, counterNonce(written++), NO_DATA),
    decrypt: sealed => aesDecryptGCM(sealed, readKey, counterNonce(read++), NO_DATA),
  }
}

/** The 12-byte nonce of the n-th message: the count in its last four bytes. */
export function counterNonce(count: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(count, 8)
  return nonce
}
