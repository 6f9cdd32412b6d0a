import { proto } from '@whiskeysockets/baileys'
import { signatureValid } from '../../noise/signature.ts'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import type { Stanza } from '../../wire/stanza.ts'
import type { Client } from '../client.ts'
import { recordViolation } from '../violations.ts'
import { CodePairing } from './code-pairing.ts'
import { type LinkOutcome, type OnLinked, Pairing, pairDevice, type Registration } from './pairing.ts'

const REFS = 6
const REF_BYTES = 24
/**
 * The first reference is shown for a minute, the others for twenty seconds each; then the server hangs up.
 */
const REFS_LIFETIME_MS = (60 + (REFS - 1) * 20 + 20) * 1000

export type PairingsDeps = {
  readonly world: World
  readonly onLinked: OnLinked
  /** How long a device may show its QR codes before the server hangs up. */
  readonly lifetimeMs?: number | undefined
}

/** The devices that wait to be linked, by the references in their QR codes. */
export class Pairings {
  readonly #world: World
  readonly #onLinked: OnLinked
  readonly #lifetimeMs: number
  readonly #byRef = new Map<string, Pairing>()
  readonly #byClient = new Map<Client, { pairing: Pairing; refs: readonly string[]; code?: CodePairing }>()

  constructor({ world, onLinked, lifetimeMs = REFS_LIFETIME_MS }: PairingsDeps) {
    this.#world = world
    this.#onLinked = onLinked
    this.#lifetimeMs = lifetimeMs
  }

  /** Begins with a device that has no account yet: six references, each good for one QR code. */
  begin(client: Client, data: proto.ClientPayload.IDevicePairingRegistrationData): void {
    const registration = readRegistration(data)
    if (typeof registration === 'string') {
      recordViolation(this.#world, { kind: 'bad-signature', detail: `registration: ${registration}` })
      client.endWith({ code: 400 })
      return
    }
    const refs = Array.from(
      { length: REFS },
      () => `2@${this.#world.random.bytes(REF_BYTES).toString('base64')}`,
    )
    const pairing = new Pairing(this.#world, { client, registration, onLinked: this.#onLinked })
    this.#byClient.set(client, { pairing, refs })
    for (const ref of refs) this.#byRef.set(ref, pairing)
    client.ask('md', pairDevice(refs))
    setTimeout(() => {
      if (this.#byClient.has(client)) client.connection.end()
    }, this.#lifetimeMs).unref()
  }

  /** A phone scans a QR code. */
  async scan(user: User, qr: string): Promise<LinkOutcome> {
    const [ref = '', noiseKey = '', identity = '', advSecret = ''] = qr
      .slice(qr.lastIndexOf('#') + 1)
      .split(',')
    const pairing = this.#byRef.get(ref)
    if (pairing === undefined) return { kind: 'failed', reason: 'this QR code is not valid (any more)' }
    const { registration, client } = pairing
    if (!registration.identity.equals(Buffer.from(identity, 'base64'))) {
      return {
        kind: 'failed',
        reason: 'the QR code shows another identity than the device that asked for it',
      }
    }
    if (!client.noiseKey.equals(Buffer.from(noiseKey, 'base64'))) {
      return {
        kind: 'failed',
        reason: 'the QR code shows another Noise key than the device that asked for it',
      }
    }
    return pairing.offer(user, Buffer.from(advSecret, 'base64'))
  }

  /** The device with the account's number asks to be linked by a code; gives the reference of the attempt. */
  requestCode(client: Client, request: Stanza): Buffer | undefined {
    const waiting = this.#byClient.get(client)
    if (waiting === undefined) return undefined
    waiting.code = new CodePairing(this.#world, waiting.pairing, request)
    return waiting.code.ref
  }

  /** A phone types the code that a device shows. */
  async enterCode(user: User, code: string): Promise<LinkOutcome> {
    const waiting = [...this.#byClient.values()].findLast(({ code }) => code?.number === user.number)
    if (waiting?.code === undefined)
      return { kind: 'failed', reason: 'no device has asked for a code for this number' }
    return waiting.code.enter(user, code)
  }

  /** The device's side of the code exchange; false when it is not in one. */
  finishCode(client: Client, request: Stanza): boolean {
    const code = this.#byClient.get(client)?.code
    if (code === undefined) return false
    code.finish(request)
    return true
  }

  /** An iq result of a device that is not linked yet. */
  accept(client: Client, iq: Stanza): void {
    this.#byClient.get(client)?.pairing.accept(iq)
  }

  forget(client: Client): void {
    const waiting = this.#byClient.get(client)
    if (waiting === undefined) return
    waiting.pairing.abandon('the device hung up')
    for (const ref of waiting.refs) this.#byRef.delete(ref)
    this.#byClient.delete(client)
  }
}

function readRegistration(data: proto.ClientPayload.IDevicePairingRegistrationData): Registration | string {
  const { eRegid, eIdent, eSkeyId, eSkeyVal, eSkeySig, deviceProps } = data
  if (!eRegid || eIdent?.length !== 32 || !eSkeyId || eSkeyVal?.length !== 32 || !eSkeySig)
    return 'it is incomplete'
  if (!signatureValid(eIdent, Buffer.concat([Buffer.from([5]), eSkeyVal]), eSkeySig)) {
    return 'the signed prekey is not signed by the identity'
  }
  const { requireFullSync } = proto.DeviceProps.decode(deviceProps ?? new Uint8Array(0))
  return {
    ...(requireFullSync ? { wantsFullHistory: true } : {}),
    registrationId: Buffer.from(eRegid).readUIntBE(0, eRegid.length),
    identity: Buffer.from(eIdent),
    signedPreKey: {
      id: Buffer.from(eSkeyId).readUIntBE(0, eSkeyId.length),
      key: eSkeyVal,
      signature: eSkeySig,
    },
  }
}
