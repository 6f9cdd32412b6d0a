import { inspect } from 'node:util'

/** Bytes that must never be printed. Every way of turning one into text gives `[secret]`; `reveal` is the only way in. */
export class Secret {
  readonly #bytes: Buffer

  constructor(bytes: Uint8Array | string) {
    this.#bytes = Buffer.from(bytes as Uint8Array)
  }

  /** The bytes themselves. Call it where they are used, never to pass them on. */
  reveal(): Buffer {
    return this.#bytes
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
