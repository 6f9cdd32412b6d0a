import { Curve, type SocketConfig } from '@whiskeysockets/baileys'

type MakeRepository = SocketConfig['makeSignalRepository']

/**
 * libsignal 6 computes whether a contact's device has signed the prekey that the server hands out for it, and ignores the
 * answer. These repositories begin no signal session with a prekey that is not signed by the identity beside it. Rests on
 * `Curve.verify` being real (certificate.ts).
 */
export function withSignedPreKeys(make: MakeRepository): MakeRepository {
  return (...args) => {
    const repository = make(...args)
    return {
      ...repository,
      async injectE2ESession(of) {
        const { identityKey, signedPreKey } = of.session
        const isGenuine = Curve.verify(identityKey, signedPreKey.publicKey, signedPreKey.signature)
        if (!isGenuine) throw new Error("the signature of a device's prekey is not genuine")
        await repository.injectE2ESession(of)
      },
    }
  }
}
