import { Curve, generateSignalPubKey, proto, toNumber, WA_CERT_DETAILS } from '@whiskeysockets/baileys'
import { verifySignature } from 'libsignal/src/curve.js'

/**
 * Baileys 7.0.0-rc14 ignores what libsignal answers about a signature, so any server passes for WhatsApp's once TLS is
 * through, and any phone's account signature is taken at linking. `Curve` is looked up at each call, which lets this file
 * replace `verify` by one that tells the truth, and complete the checks of the Noise certificate chain that Baileys
 * leaves out: the leaf belongs to the key the server holds, it was issued by the intermediate, and both are in force.
 */

type Chain = {
  readonly intermediate: Uint8Array
  readonly leaf: Uint8Array
  /** The static key with which the server has just taken part in the handshake. */
  readonly serverKey: Uint8Array
}

const plainSharedKey = Curve.sharedKey
const NOTHING = new Uint8Array(0)

/** Makes every signature check real, for the whole process. `root` replaces WhatsApp's Noise root; only the sandbox has one. */
export function checkCertificates(now: () => Date, root?: Uint8Array): void {
  if (root !== undefined) WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root)
  let serverKey: Uint8Array = NOTHING
  let leaf: Uint8Array = NOTHING

  // The handshake is one synchronous run: agreement with the server's static key, the leaf's signature, the intermediate's.
  Curve.sharedKey = (privateKey, publicKey) => {
    serverKey = publicKey
    return plainSharedKey(privateKey, publicKey)
  }
  Curve.verify = (publicKey, message, signature) => {
    const genuine = signatureHolds(publicKey, message, signature)
    if (publicKey !== WA_CERT_DETAILS.PUBLIC_KEY) {
      leaf = genuine ? message : NOTHING
      return genuine
    }
    return genuine && chainHolds({ intermediate: message, leaf, serverKey }, now())
  }
}

function signatureHolds(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verifySignature(Buffer.from(generateSignalPubKey(publicKey)), message, signature) === true
  } catch {
    return false // malformed key or signature: as good as a wrong one
  }
}

function chainHolds(chain: Chain, at: Date): boolean {
  const intermediate = proto.CertChain.NoiseCertificate.Details.decode(chain.intermediate)
  const leaf = proto.CertChain.NoiseCertificate.Details.decode(chain.leaf)
  return (
    leaf.issuerSerial === intermediate.serial &&
    Buffer.compare(leaf.key ?? NOTHING, chain.serverKey) === 0 &&
    inForce(intermediate, at) &&
    inForce(leaf, at)
  )
}

function inForce(details: proto.CertChain.NoiseCertificate.IDetails, at: Date): boolean {
  const seconds = at.getTime() / 1_000
  return toNumber(details.notBefore) <= seconds && seconds <= toNumber(details.notAfter)
}
