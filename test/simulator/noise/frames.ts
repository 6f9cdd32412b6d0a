import { NOISE_WA_HEADER } from '@whiskeysockets/baileys'

const LENGTH_BYTES = 3
const ROUTING_MARK = 'ED'
const ROUTING_HEADER = 7

/**
 * Cuts a client's byte stream into frames: once WhatsApp's header (with routing information before it, if the client
 * was given any), then length-prefixed frames.
 */
export class FrameReader {
  #buffered = Buffer.alloc(0)
  #headerRead = false

  /** The frames completed by these bytes. Throws when the stream does not begin as a client's must. */
  push(bytes: Uint8Array): readonly Buffer[] {
    this.#buffered = Buffer.concat([this.#buffered, bytes])
    if (!this.#headerRead && !this.#readHeader()) return []
    const frames: Buffer[] = []
    while (this.#buffered.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#buffered.readUIntBE(0, LENGTH_BYTES)
      if (this.#buffered.length < end) break
      frames.push(this.#buffered.subarray(LENGTH_BYTES, end))
      this.#buffered = this.#buffered.subarray(end)
    }
    return frames
  }

  #readHeader(): boolean {
    if (this.#buffered.toString('latin1', 0, 2) === ROUTING_MARK) {
      if (this.#buffered.length < ROUTING_HEADER) return false
      const end = ROUTING_HEADER + this.#buffered.readUIntBE(4, 3)
      if (this.#buffered.length < end) return false
      this.#buffered = this.#buffered.subarray(end)
    }
    if (this.#buffered.length < NOISE_WA_HEADER.length) return false
    const header = this.#buffered.subarray(0, NOISE_WA_HEADER.length)
    if (!header.equals(NOISE_WA_HEADER)) throw new Error(`the stream begins with ${header.toString('hex')}`)
    this.#buffered = this.#buffered.subarray(NOISE_WA_HEADER.length)
    this.#headerRead = true
    return true
  }
}

/** One frame on the wire. */
export function frame(content: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + content.length)
  bytes.writeUIntBE(content.length, 0, LENGTH_BYTES)
  bytes.set(content, LENGTH_BYTES)
  return bytes
}
