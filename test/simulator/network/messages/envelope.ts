import { userAt } from '../../phones/receiving/incoming.ts'
import type { Mailbox } from '../../store/mail/queue.ts'
import type { ViolationKind } from '../../store/mail/tallies.ts'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { type Address, type Addressing, parseAddress } from '../../wire/address.ts'
import { child, children, type Stanza } from '../../wire/stanza.ts'
import type { LoggedIn } from '../client.ts'

/** One ciphertext and the device that it is for. */
export type Parcel = { readonly mailbox: Mailbox; readonly sealed: Stanza }

/** A message stanza, checked: who it is for and what goes to which device. */
export type Envelope = {
  readonly kind: 'envelope'
  readonly by: Addressing
  /** undefined when the addressee is not on WhatsApp. */
  readonly to: User | undefined
  /** What copies for own devices name as their chat. */
  readonly recipient: string
  readonly parcels: readonly Parcel[]
  /** Children that are passed on as they are. */
  readonly extras: readonly Stanza[]
  /** True when the sender does not know of all devices. */
  readonly isStale: boolean
}

export type EnvelopeRefusal = {
  readonly kind: 'refused'
  /** undefined where a correct client may be wrong: it has not heard yet. */
  readonly violation?: ViolationKind
  readonly detail: string
  /** The error that the ack bears, where it is not 479. */
  readonly error?: number
}

const NOT_PASSED_ON = ['participants', 'enc', 'reporting', 'tctoken']
const CIPHER_TYPES = ['pkmsg', 'msg']

/** Reads what a device wants delivered; refuses what WhatsApp's stanza check or device lists would. */
export function readEnvelope(world: World, account: LoggedIn, node: Stanza): Envelope | EnvelopeRefusal {
  const { id, to: toJid, type } = node.attrs
  const to = parseAddress(toJid)
  if (!id || !toJid || !type) return malformed('a message without id, to or type')
  if (to === undefined) return malformed(`a message to ${toJid}, which is no user`)
  const addressee = userAt(world, to)
  const parts = readParts(node, to)
  if (parts.length === 0) return malformed(`message ${id} has no ciphertext`)
  const parcels: Parcel[] = []
  let goneCount = 0
  for (const { address, sealed } of parts) {
    if (
      sealed === undefined ||
      !CIPHER_TYPES.includes(sealed.attrs.type ?? '') ||
      !(sealed.content instanceof Uint8Array)
    ) {
      return malformed(`message ${id} has a part that is no pkmsg or msg`)
    }
    if (isGone(world, address)) {
      goneCount++
      continue
    }
    const mailbox = mailboxOf(world, account, { address, addressee })
    if (typeof mailbox === 'string') return wrongDevices(`message ${id}: ${mailbox}`)
    parcels.push({ mailbox, sealed })
  }
  const needsIdentity = parcels.some(({ sealed }) => sealed.attrs.type === 'pkmsg')
  if (needsIdentity && child(node, 'device-identity') === undefined) {
    return malformed(`message ${id} opens a session without a device identity`)
  }
  const isAddressed = child(node, 'participants') !== undefined
  const missing = isAddressed ? missingDevices(world, account, { addressee, parcels }) : []
  if (missing.some(({ device }) => device === 0)) {
    return wrongDevices(
      `message ${id} leaves out the phone ${missing.map(({ number }) => `+${number}`).join(', ')}`,
    )
  }
  return {
    kind: 'envelope',
    by: to.by,
    to: addressee,
    recipient: node.attrs.recipient ?? toJid,
    parcels,
    extras: children(node).filter(({ tag }) => !NOT_PASSED_ON.includes(tag)),
    isStale: missing.length > 0 || goneCount > 0,
  }
}

type Part = { readonly address: Address | undefined; readonly sealed: Stanza | undefined }

/** A list of devices, or one ciphertext for the one device that the message is to. */
function readParts(node: Stanza, to: Address): readonly Part[] {
  const listed = children(child(node, 'participants'), 'to')
  if (listed.length > 0) {
    return listed.map(part => ({ address: parseAddress(part.attrs.jid), sealed: child(part, 'enc') }))
  }
  const sealed = child(node, 'enc')
  return sealed === undefined ? [] : [{ address: to, sealed }]
}

/** A device that its user has taken off since; who has not heard of it still encrypts for it. */
export function isGone(world: World, address: Address | undefined): boolean {
  const owner = userAt(world, address)
  if (address === undefined || owner === undefined || address.device === 0) return false
  return address.device < owner.nextDeviceId && world.devices.get(owner.number, address.device) === undefined
}

type Target = { readonly address: Address | undefined; readonly addressee: User | undefined }

/** The mailbox of a device that the message may go to, or what is wrong with it. */
function mailboxOf(
  world: World,
  { user, device }: LoggedIn,
  { address, addressee }: Target,
): Mailbox | string {
  const owner = userAt(world, address)
  if (address === undefined || owner === undefined) return 'a part is for nobody on WhatsApp'
  if (owner.number !== user.number && owner.number !== addressee?.number)
    return `a part is for +${owner.number}`
  if (owner.number === user.number && address.device === device.id)
    return 'a part is for the sending device itself'
  if (address.device !== 0 && world.devices.get(owner.number, address.device) === undefined) {
    return `+${owner.number} has no device ${address.device}`
  }
  return { number: owner.number, device: address.device }
}

function missingDevices(
  world: World,
  { user, device }: LoggedIn,
  { addressee, parcels }: { addressee: User | undefined; parcels: readonly Parcel[] },
): readonly Mailbox[] {
  const reached = new Set(parcels.map(({ mailbox }) => `${mailbox.number}:${mailbox.device}`))
  const owners = new Set([user.number, ...(addressee === undefined ? [] : [addressee.number])])
  return [...owners]
    .flatMap(number =>
      [0, ...world.devices.ofUser(number).map(({ id }) => id)].map(id => ({ number, device: id })),
    )
    .filter(({ number, device: id }) => !(number === user.number && id === device.id))
    .filter(({ number, device: id }) => !reached.has(`${number}:${id}`))
}

function malformed(detail: string): EnvelopeRefusal {
  return { kind: 'refused', violation: 'malformed-stanza', detail }
}

function wrongDevices(detail: string): EnvelopeRefusal {
  return { kind: 'refused', violation: 'wrong-device-list', detail }
}
