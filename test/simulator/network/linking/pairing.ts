import { createHmac } from 'node:crypto'
import { proto, WA_ADV_DEVICE_SIG_PREFIX } from '@whiskeysockets/baileys'
import { signatureValid } from '../../noise/signature.ts'
import { signIdentity } from '../../phones/signal/identity.ts'
import type { Device, PublicSignedPreKey } from '../../store/people/devices.ts'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { jidOf } from '../../wire/address.ts'
import { bytesOf, child, type Stanza, stanza } from '../../wire/stanza.ts'
import type { Client } from '../client.ts'
import { recordViolation } from '../violations.ts'

/** What a device that wants to be linked said about itself when it connected. */
export type Registration = {
  readonly registrationId: number
  readonly identity: Buffer
  readonly signedPreKey: PublicSignedPreKey
  readonly wantsFullHistory?: true
}

export type Linked = { readonly number: string; readonly device: number; readonly jid: string }

/** What came of a phone's attempt to link a device. */
export type LinkOutcome =
  | { readonly kind: 'linked'; readonly linked: Linked }
  | { readonly kind: 'failed'; readonly reason: string }

/** Hears of each device that has been linked. */
export type OnLinked = (user: User, device: Device) => void

type PairingDeps = {
  readonly client: Client
  readonly registration: Registration
  readonly onLinked: OnLinked
}

type Offer = { readonly user: User; readonly device: number; readonly iqId: string; readonly details: Buffer }

const SIGN_TIMEOUT_MS = 10_000

/** One device waiting to be linked: from its registration to its signature under the phone's offer. */
export class Pairing {
  readonly client: Client
  readonly registration: Registration
  readonly #world: World
  readonly #onLinked: OnLinked
  #offer: Offer | undefined
  #settle: ((outcome: LinkOutcome) => void) | undefined

  constructor(world: World, deps: PairingDeps) {
    this.#world = world
    this.client = deps.client
    this.registration = deps.registration
    this.#onLinked = deps.onLinked
  }

  /** Offers the device a place in the user's account, proved by the secret that QR or code carried. */
  async offer(user: User, advSecret: Buffer): Promise<LinkOutcome> {
    if (this.#offer !== undefined)
      return { kind: 'failed', reason: 'somebody is linking this device already' }
    const fresh = this.#world.users.change(user.number, { nextDeviceId: user.nextDeviceId + 1 })
    const device = user.nextDeviceId
    const companion = this.registration.identity
    const signed = signIdentity(this.#world, user.number, { device, companion })
    const { details } = signed
    const identity = proto.ADVSignedDeviceIdentity.encode(signed.identity).finish()
    const wrapped = proto.ADVSignedDeviceIdentityHMAC.encode({
      details: identity,
      hmac: createHmac('sha256', advSecret).update(identity).digest(),
    }).finish()
    const content = [
      stanza('device-identity', {}, wrapped),
      stanza('platform', { name: 'android' }),
      stanza('device', { jid: jidOf(fresh, 'pn', device), lid: jidOf(fresh, 'lid', device) }),
    ]
    const iqId = this.client.ask('md', [stanza('pair-success', {}, content)])
    this.#offer = { user: fresh, device, iqId, details }
    return new Promise(resolve => {
      this.#settle = resolve
      setTimeout(() => this.abandon('the device did not answer the offer'), SIGN_TIMEOUT_MS).unref()
    })
  }

  /** Takes the device's answer to the offer; false when this iq is about something else. */
  accept(iq: Stanza): boolean {
    const offer = this.#offer
    if (offer === undefined || iq.attrs.id !== offer.iqId) return false
    const signed = bytesOf(child(iq, 'pair-device-sign'), 'device-identity')
    const fault = signed === undefined ? 'it did not sign' : this.#signatureFault(offer, signed)
    if (fault !== undefined) {
      recordViolation(this.#world, {
        kind: 'bad-signature',
        account: offer.user.number,
        detail: `linking: ${fault}`,
      })
      this.client.endWith({ code: 400 })
      this.abandon(`the device was refused: ${fault}`)
      return true
    }
    this.#link(offer)
    return true
  }

  abandon(reason: string): void {
    this.#settle?.({ kind: 'failed', reason })
    this.#settle = undefined
  }

  #link({ user, device }: Offer): void {
    const { registration, client } = this
    const { number } = user
    const noiseKey = client.noiseKey
    const linked = { number, id: device, keyIndex: device, noiseKey, bootstrapped: false, ...registration }
    this.#world.devices.add(linked)
    this.#onLinked(user, linked)
    client.endWith({ code: 515 })
    this.#settle?.({ kind: 'linked', linked: { number, device, jid: jidOf(user, 'pn', device) } })
    this.#settle = undefined
  }

  #signatureFault({ user, details }: Offer, answer: Buffer): string | undefined {
    const signed = proto.ADVSignedDeviceIdentity.decode(answer)
    if (!Buffer.from(signed.details ?? []).equals(details)) return 'it signed something else'
    const primary = this.#world.phoneKeys.of(user.number).signedIdentityKey.public
    const { identity } = this.registration
    const message = Buffer.concat([WA_ADV_DEVICE_SIG_PREFIX, details, identity, primary])
    return signatureValid(identity, message, signed.deviceSignature ?? Buffer.alloc(0))
      ? undefined
      : 'its signature is not valid'
  }
}

/** The stanza that gives an unlinked device its QR references. */
export function pairDevice(refs: readonly string[]): Stanza[] {
  return [
    stanza(
      'pair-device',
      {},
      refs.map(ref => stanza('ref', {}, Buffer.from(ref))),
    ),
  ]
}
