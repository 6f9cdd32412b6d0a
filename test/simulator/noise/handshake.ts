import { createHash } from 'node:crypto'
import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  type KeyPair,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
} from '@whiskeysockets/baileys'
import { counterNonce, createTransport, type Transport } from './transport.ts'

/**
 * What the handshake ends with: who the client says it is, proved to hold `clientStatic`, and the keys from
 * here on.
 */
export type Handshaken = {
  readonly clientStatic: Buffer
  readonly payload: proto.ClientPayload
  readonly transport: Transport
}

/**
 * The answering side of Noise_XX_25519_AESGCM_SHA256 with WhatsApp's prologue. Throws on anything that does
 * not verify.
 */
export class Responder {
  readonly #staticKey: KeyPair
  readonly #ephemeral = Curve.generateKeyPair()
  #hash: Buffer = Buffer.from(NOISE_MODE)
  #salt: Buffer = this.#hash
  #key: Buffer = this.#hash
  #counter = 0

  constructor(staticKey: KeyPair) {
    this.#staticKey = staticKey
    this.#mixHash(NOISE_WA_HEADER)
  }

  /** Takes the client's hello and gives the server's, with the certificate chain encrypted in it. */
  hello(frame: Uint8Array, certificate: Uint8Array): Uint8Array {
    const theirs = Buffer.from(proto.HandshakeMessage.decode(frame).clientHello?.ephemeral ?? [])
    if (theirs.length !== 32) throw new Error('the client hello carries no ephemeral key')
    this.#mixHash(theirs)
    this.#mixHash(this.#ephemeral.public)
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, theirs))
    const encryptedStatic = this.#encrypt(this.#staticKey.public)
    this.#mixKey(Curve.sharedKey(this.#staticKey.private, theirs))
    const payload = this.#encrypt(certificate)
    const serverHello = { ephemeral: this.#ephemeral.public, static: encryptedStatic, payload }
    return proto.HandshakeMessage.encode({ serverHello }).finish()
  }

  finish(frame: Uint8Array): Handshaken {
    const finish = proto.HandshakeMessage.decode(frame).clientFinish
    if (!finish?.static || !finish.payload) throw new Error('the client finish is incomplete')
    const clientStatic = this.#decrypt(finish.static)
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, clientStatic))
    const payload = proto.ClientPayload.decode(this.#decrypt(finish.payload))
    const keys = this.#derive(Buffer.alloc(0))
    return { clientStatic, payload, transport: createTransport(keys.subarray(0, 32), keys.subarray(32)) }
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest()
  }

  #mixKey(secret: Uint8Array): void {
    const derived = this.#derive(secret)
    this.#salt = derived.subarray(0, 32)
    this.#key = derived.subarray(32)
    this.#counter = 0
  }

  #derive(secret: Uint8Array): Buffer {
    return Buffer.from(hkdf(Buffer.from(secret), 64, { salt: this.#salt, info: '' }))
  }

  #encrypt(plain: Uint8Array): Buffer {
    const sealed = aesEncryptGCM(plain, this.#key, counterNonce(this.#counter++), this.#hash)
    this.#mixHash(sealed)
    return sealed
  }

  #decrypt(sealed: Uint8Array): Buffer {
    const plain = aesDecryptGCM(sealed, this.#key, counterNonce(this.#counter++), this.#hash)
    this.#mixHash(sealed)
    return plain
  }
}
