import { DEFAULT_CONNECTION_CONFIG, type UserFacingSocketConfig } from '@whiskeysockets/baileys'

type Repository = ReturnType<typeof DEFAULT_CONNECTION_CONFIG.makeSignalRepository>
type Session = Parameters<Repository['injectE2ESession']>[0]['session']

/** What a broken client does to its own Signal traffic; everything else stays plain Baileys. */
export type Tampering = {
  /** May change what was encrypted for a device. */
  ciphertext?(jid: string, ciphertext: Buffer): Buffer
  /** May change the bundle that a session is opened with. */
  bundle?(session: Session): Session
}

/** The configuration for a Baileys whose Signal side is tampered with. */
export function tampered({ ciphertext, bundle }: Tampering): Partial<UserFacingSocketConfig> {
  return {
    emitOwnEvents: false,
    makeSignalRepository(...deps) {
      const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(...deps)
      const { encryptMessage, injectE2ESession } = repository
      return {
        ...repository,
        async encryptMessage(options) {
          const sealed = await encryptMessage(options)
          const bytes = Buffer.from(sealed.ciphertext)
          return { ...sealed, ciphertext: ciphertext === undefined ? bytes : ciphertext(options.jid, bytes) }
        },
        injectE2ESession: ({ jid, session }) =>
          injectE2ESession({ jid, session: bundle === undefined ? session : bundle(session) }),
      }
    },
  }
}

const INSIDE = 10

/** The same bytes with one bit flipped, where neither message form keeps anything that a receiver ignores. */
export function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const at = copy.length - INSIDE
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
  return copy
}
