import { createHmac, createPrivateKey, type KeyObject, sign as signWith } from 'node:crypto'
import { PosternError } from '../lib/error.ts'
import type { Secret } from '../lib/secret.ts'
import type { SignScheme } from '../policy/snapshot.ts'

/** What a signature of Standard Webhooks covers. */
export type Signed = { readonly id: string; readonly sentAt: Date; readonly body: string }

/** The secrets of an endpoint, newest first. The newest must be of the scheme; one before it may be of the other. */
export type Signing = { readonly scheme: SignScheme; readonly secrets: readonly Secret[] }

type Signer = { readonly scheme: SignScheme; sign(text: string): string }

const SHARED = 'whsec_'
const PRIVATE = 'whsk_'
const MIN_KEY_BYTES = 24
const MIN_APP_SECRET = 16
const SEED_BYTES = 32
/** PKCS #8 of an ed25519 key, up to its 32 bytes. */
const ED25519_DER = Buffer.from('302e020100300506032b657004220420', 'hex')

const EXPECTED = {
  v1: `${SHARED} followed by at least ${MIN_KEY_BYTES} bytes in base64`,
  v1a: `${PRIVATE} followed by an ed25519 key's ${SEED_BYTES} bytes in base64, or such a key in PEM`,
} as const satisfies Record<SignScheme, string>

/**
 * The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of one attempt: one signature for each secret, so
 * that a receiver may change from one to the next. Throws `secret.malformed` when a secret is none of its scheme.
 */
export function sign(signed: Signed, { scheme, secrets }: Signing): Readonly<Record<string, string>> {
  const timestamp = Math.floor(signed.sentAt.getTime() / 1_000)
  const text = `${signed.id}.${timestamp}.${signed.body}`
  const signers = secrets.map(secret => signerOf(secret) ?? refuse(scheme))
  if (signers[0]?.scheme !== scheme) refuse(scheme)
  return {
    'webhook-id': signed.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signers.map(signer => `${signer.scheme},${signer.sign(text)}`).join(' '),
  }
}

/** Meta's signature of a webhook: the whole secret, as it is written, is the key. Throws `secret.malformed` when it is too short to be one. */
export function hubSignature(body: string, secret: Secret): string {
  const key = secret.reveal().toString('utf8').trim()
  if (key.length < MIN_APP_SECRET)
    throw new PosternError(
      'secret.malformed',
      `an app secret must have at least ${MIN_APP_SECRET} characters`,
    )
  return `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
}

function signerOf(secret: Secret): Signer | undefined {
  const text = secret.reveal().toString('utf8').trim()
  if (text.startsWith(SHARED)) return sharedSigner(bytesOf(text.slice(SHARED.length)))
  const key = text.startsWith(PRIVATE) ? privateKey(bytesOf(text.slice(PRIVATE.length))) : pemKey(text)
  if (key === undefined) return undefined
  return { scheme: 'v1a', sign: signable => signWith(null, Buffer.from(signable), key).toString('base64') }
}

function sharedSigner(key: Buffer | undefined): Signer | undefined {
  if (key === undefined || key.length < MIN_KEY_BYTES) return undefined
  return { scheme: 'v1', sign: text => createHmac('sha256', key).update(text).digest('base64') }
}

/** The seed alone, or with the public key behind it, as some libraries write it. */
function privateKey(bytes: Buffer | undefined): KeyObject | undefined {
  if (bytes === undefined || (bytes.length !== SEED_BYTES && bytes.length !== 2 * SEED_BYTES))
    return undefined
  const key = Buffer.concat([ED25519_DER, bytes.subarray(0, SEED_BYTES)])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

function pemKey(text: string): KeyObject | undefined {
  if (!text.startsWith('-----BEGIN PRIVATE KEY-----')) return undefined
  try {
    const key = createPrivateKey(text)
    return key.asymmetricKeyType === 'ed25519' ? key : undefined
  } catch {
    return undefined // what the library says could repeat parts of the key
  }
}

function bytesOf(encoded: string): Buffer | undefined {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) ? Buffer.from(encoded, 'base64') : undefined
}

function refuse(scheme: SignScheme): never {
  throw new PosternError('secret.malformed', `a webhook's signing secret must be ${EXPECTED[scheme]}`)
}
