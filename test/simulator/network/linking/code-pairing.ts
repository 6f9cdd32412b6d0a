import { randomBytes } from 'node:crypto'
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  Curve,
  derivePairingCodeKey,
  hkdf,
  type KeyPair,
} from '@whiskeysockets/baileys'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { parseAddress, SERVER } from '../../wire/address.ts'
import { bytesOf, type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import type { LinkOutcome, Pairing } from './pairing.ts'

type Exchange = {
  readonly user: User
  readonly ephemeral: KeyPair
  readonly shared: Buffer
  settle(outcome: LinkOutcome): void
}

const SALT = 32
const IV = 16
const GCM_IV = 12
const KEY = 32
const FINISH_TIMEOUT_MS = 10_000

/**
 * Linking by a code of eight characters: both sides encrypt an ephemeral key under the code, agree on a secret with
 * them, and the device's secret for the offer follows from that. A wrong code shows when the device's bundle does not
 * decrypt.
 */
export class CodePairing {
  /** The number that the device wants to be linked to. */
  readonly number: string
  readonly ref: Buffer
  readonly #world: World
  readonly #pairing: Pairing
  readonly #wrapped: Buffer
  #exchange: Exchange | undefined

  constructor(world: World, pairing: Pairing, request: Stanza) {
    this.#world = world
    this.#pairing = pairing
    this.number = parseAddress(request.attrs.jid)?.user ?? ''
    this.ref = world.random.bytes(16)
    this.#wrapped = bytesOf(request, 'link_code_pairing_wrapped_companion_ephemeral_pub') ?? Buffer.alloc(0)
  }

  async enter(user: User, typed: string): Promise<LinkOutcome> {
    if (this.#wrapped.length !== SALT + IV + KEY)
      return { kind: 'failed', reason: 'the request of the device is malformed' }
    const code = typed.replace(/[^0-9A-Za-z]/g, '').toUpperCase()
    const theirs = await unwrap(this.#wrapped, code)
    const ephemeral = Curve.generateKeyPair()
    const shared = Curve.sharedKey(ephemeral.private, theirs)
    const attributes = {
      from: SERVER,
      type: 'link_code_companion_reg',
      id: this.#world.random.of(user.number).hex(8),
    }
    const content = [
      stanza('link_code_pairing_ref', {}, this.ref),
      stanza('link_code_pairing_wrapped_primary_ephemeral_pub', {}, await wrap(ephemeral.public, code)),
      stanza(
        'primary_identity_pub',
        {},
        Buffer.from(this.#world.phoneKeys.of(user.number).signedIdentityKey.public),
      ),
    ]
    return new Promise(resolve => {
      this.#exchange = { user, ephemeral, shared, settle: resolve }
      setTimeout(
        () => resolve({ kind: 'failed', reason: 'the device did not go on' }),
        FINISH_TIMEOUT_MS,
      ).unref()
      this.#pairing.client.send(
        stanza('notification', { ...attributes, t: seconds(this.#world.now()) }, [
          stanza('link_code_companion_reg', { stage: 'primary_hello' }, content),
        ]),
      )
    })
  }

  /** Takes the device's key bundle and, if it decrypts, goes on as after a scanned QR code. */
  finish(request: Stanza): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    if (exchange === undefined) return
    const secret = this.#advSecret(exchange, request)
    if (secret === undefined) exchange.settle({ kind: 'failed', reason: 'the code is wrong' })
    else void this.#pairing.offer(exchange.user, secret).then(exchange.settle)
  }

  #advSecret({ user, shared }: Exchange, request: Stanza): Buffer | undefined {
    const bundle = bytesOf(request, 'link_code_pairing_wrapped_key_bundle') ?? Buffer.alloc(0)
    const companion = bytesOf(request, 'companion_identity_public') ?? Buffer.alloc(0)
    const primary = this.#world.phoneKeys.of(user.number).signedIdentityKey
    const keyInfo = 'link_code_pairing_key_bundle_encryption_key'
    const key = Buffer.from(hkdf(shared, KEY, { salt: bundle.subarray(0, SALT), info: keyInfo }))
    const plain = openBundle(bundle, key)
    if (plain === undefined || !plain.subarray(0, KEY).equals(companion)) return undefined
    if (!plain.subarray(KEY, 2 * KEY).equals(Buffer.from(primary.public))) return undefined
    if (!companion.equals(this.#pairing.registration.identity)) return undefined
    const secrets = [shared, Curve.sharedKey(primary.private, companion), plain.subarray(2 * KEY, 3 * KEY)]
    return Buffer.from(hkdf(Buffer.concat(secrets), KEY, { info: 'adv_secret' }))
  }
}

function openBundle(bundle: Buffer, key: Buffer): Buffer | undefined {
  try {
    const iv = bundle.subarray(SALT, SALT + GCM_IV)
    return aesDecryptGCM(bundle.subarray(SALT + GCM_IV), key, iv, Buffer.alloc(0))
  } catch {
    return undefined // the only way to learn that the code was another
  }
}

async function unwrap(wrapped: Buffer, code: string): Promise<Buffer> {
  const key = await derivePairingCodeKey(code, wrapped.subarray(0, SALT))
  return aesDecryptCTR(wrapped.subarray(SALT + IV), key, wrapped.subarray(SALT, SALT + IV))
}

async function wrap(publicKey: Uint8Array, code: string): Promise<Buffer> {
  const salt = randomBytes(SALT)
  const iv = randomBytes(IV)
  return Buffer.concat([salt, iv, aesEncryptCTR(publicKey, await derivePairingCodeKey(code, salt), iv)])
}
