import { Curve, type KeyPair, proto } from '@whiskeysockets/baileys'

/** Ways to be wrong in exactly one respect, for tests of clients that must notice. */
export const BAD_CERTIFICATES = [
  'wrong-root',
  'flipped-signature',
  'zero-signature',
  'wrong-leaf-key',
  'wrong-issuer',
  'expired',
] as const
export type BadCertificate = (typeof BAD_CERTIFICATES)[number]

/** The server's long-lived keys. The root's public half is what a client has to trust. */
export type ServerIdentity = {
  readonly root: KeyPair
  readonly intermediate: KeyPair
  readonly staticKey: KeyPair
}

const ROOT_SERIAL = 0
const INTERMEDIATE_SERIAL = 1
const LEAF_SERIAL = 2
const DAY_S = 24 * 60 * 60
const KEPT_MS = 60 * 60 * 1_000

export function newServerIdentity(): ServerIdentity {
  return {
    root: Curve.generateKeyPair(),
    intermediate: Curve.generateKeyPair(),
    staticKey: Curve.generateKeyPair(),
  }
}

/**
 * The chain that the handshake presents: root → intermediate → leaf, the leaf's key being the server's static key,
 * valid from yesterday for a month. With `bad` everything is as it should be but that one thing.
 */
export function certificateChain(identity: ServerIdentity, now: Date, bad?: BadCertificate): Uint8Array {
  const today = Math.floor(now.getTime() / 1000)
  const valid = { notBefore: today - DAY_S, notAfter: today + 30 * DAY_S }
  const intermediate = details({
    ...valid,
    serial: INTERMEDIATE_SERIAL,
    issuerSerial: ROOT_SERIAL,
    key: identity.intermediate.public,
  })
  const leaf = details({
    ...(bad === 'expired' ? { notBefore: today - 30 * DAY_S, notAfter: today - DAY_S } : valid),
    serial: LEAF_SERIAL,
    issuerSerial: bad === 'wrong-issuer' ? INTERMEDIATE_SERIAL + 7 : INTERMEDIATE_SERIAL,
    key: bad === 'wrong-leaf-key' ? Curve.generateKeyPair().public : identity.staticKey.public,
  })
  const root = bad === 'wrong-root' ? Curve.generateKeyPair() : identity.root
  return proto.CertChain.encode({
    intermediate: {
      details: intermediate,
      signature: rootSignature(Curve.sign(root.private, intermediate), bad),
    },
    leaf: { details: leaf, signature: Curve.sign(identity.intermediate.private, leaf) },
  }).finish()
}

/**
 * The chains of handshakes: made anew when what is wrong with them changes, and from hour to hour, because signing one costs more than
 * the rest of a log-in.
 */
export function createChains(
  identity: ServerIdentity,
  now: () => Date,
): (bad?: BadCertificate) => Uint8Array {
  let kept: { readonly chain: Uint8Array; readonly bad: BadCertificate | undefined; readonly until: number }
  kept = { chain: Buffer.of(), bad: undefined, until: 0 }
  return bad => {
    const at = now()
    if (kept.bad !== bad || at.getTime() >= kept.until) {
      kept = { chain: certificateChain(identity, at, bad), bad, until: at.getTime() + KEPT_MS }
    }
    return kept.chain
  }
}

function details(fields: proto.CertChain.NoiseCertificate.IDetails): Uint8Array {
  return proto.CertChain.NoiseCertificate.Details.encode(fields).finish()
}

function rootSignature(signature: Uint8Array, bad: BadCertificate | undefined): Uint8Array {
  if (bad === 'zero-signature') return Buffer.alloc(64)
  const copy = Buffer.from(signature)
  if (bad === 'flipped-signature') copy.writeUInt8(copy.readUInt8(10) ^ 1, 10)
  return copy
}
