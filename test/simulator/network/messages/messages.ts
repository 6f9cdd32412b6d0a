import { setTimeout as sleep } from 'node:timers/promises'
import { generateParticipantHashV2 } from '@whiskeysockets/baileys'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { isChannelJid, isCircleJid, jidOf } from '../../wire/address.ts'
import { type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import { passToChannel } from '../channels/posts.ts'
import type { Client, LoggedIn } from '../client.ts'
import { strikeAfterMessage } from '../faults/strike.ts'
import type { Network } from '../network.ts'
import { recordViolation } from '../violations.ts'
import { isPeer } from './delivery.ts'
import { type Envelope, type EnvelopeRefusal, type Parcel, readEnvelope } from './envelope.ts'
import { passToCircle } from './group-messages.ts'

const SMAX_INVALID = 479
const RATE_OVERLIMIT = 429
const SLOW_MS = 2_000

/**
 * Takes a message from a linked device: into every addressed mailbox, and acknowledged when that is durable.
 */
export async function takeMessage(
  network: Network,
  client: Client,
  account: LoggedIn,
  node: Stanza,
): Promise<void> {
  const { faults, world } = network
  const { number } = account.user
  if (isPeer(node)) return takePeerMessage(network, client, account, node)
  const slow = faults.fires('slow', number)
  if (slow !== undefined) await sleep(slow.delayMs ?? SLOW_MS)
  const limit = faults.fires('rate-overlimit', number)
  if (limit !== undefined) return acknowledge(client, world, node, { error: limit.code ?? RATE_OVERLIMIT })
  const passed = passFor(node.attrs.to)(network, account, node)
  if (passed?.kind === 'refused') {
    const { violation, detail, error } = passed
    if (violation !== undefined) recordViolation(world, { kind: violation, account: number, detail })
    return acknowledge(client, world, node, { error: error ?? SMAX_INVALID })
  }
  world.tallies.count('messages_out', `+${number}`)
  const answered = world.db.committed().then(() => answer(network, client, { number, node, passed }))
  // Nothing keeps the next message waiting for the disk, but what strikes behind this one strikes before the next.
  if (faults.list().length > 0) await answered
}

type Taken = { readonly number: string; readonly node: Stanza; readonly passed: PassedInPart | undefined }

function answer(network: Network, client: Client, { number, node, passed }: Taken): void {
  const { faults, world } = network
  if (faults.fires('no-ack', number) === undefined) {
    const late = faults.fires('late-ack', number)
    if (late === undefined) acknowledge(client, world, node, passed)
    else setTimeout(() => acknowledge(client, world, node, passed), late.delayMs ?? SLOW_MS).unref()
  }
  strikeAfterMessage(network, client, number)
}

/** What a device says to its own phone is none of a person's messages: no tally counts it and no fault of messages strikes it. */
async function takePeerMessage(
  network: Network,
  client: Client,
  account: LoggedIn,
  node: Stanza,
): Promise<void> {
  const { world } = network
  const passed = passToUser(network, account, node)
  if (passed?.kind !== 'refused') {
    await world.db.committed()
    return acknowledge(client, world, node)
  }
  const { violation, detail, error } = passed
  if (violation !== undefined)
    recordViolation(world, { kind: violation, account: account.user.number, detail })
  acknowledge(client, world, node, { error: error ?? SMAX_INVALID })
}

/** A message that is on its way, though not to all devices: the hash of what the list should have been. */
type PassedInPart = { readonly kind: 'stale'; readonly phash: string }

function passFor(to: string | undefined): typeof passToUser {
  if (isChannelJid(to)) return passToChannel
  return isCircleJid(to) ? passToCircle : passToUser
}

function passToUser(
  network: Network,
  account: LoggedIn,
  node: Stanza,
): EnvelopeRefusal | PassedInPart | undefined {
  const { world } = network
  const { number } = account.user
  const envelope = readEnvelope(world, account, node)
  if (envelope.kind === 'refused') return envelope
  distribute(network, account, { node, envelope })
  if (envelope.to === undefined) world.tallies.count('unknown_recipients', `+${number}`)
  if (!envelope.isStale) return undefined
  world.tallies.count('stale_device_lists', `+${number}`)
  return { kind: 'stale', phash: devicesHash(world, account, envelope.to) }
}

/** What WhatsApp names a list of devices by, so that a sender sees that its own is another. */
function devicesHash(world: World, { user, device }: LoggedIn, to: User | undefined): string {
  const owners = [user, ...(to === undefined || to.number === user.number ? [] : [to])]
  const jids = owners.flatMap(owner =>
    [0, ...world.devices.ofUser(owner.number).map(({ id }) => id)]
      .filter(id => owner.number !== user.number || id !== device.id)
      .map(id => jidOf(owner, 'pn', id)),
  )
  return generateParticipantHashV2(jids)
}

type Accepted = { readonly node: Stanza; readonly envelope: Envelope }

function distribute({ world, delivery }: Network, account: LoggedIn, { node, envelope }: Accepted): void {
  const { user, device } = account
  const sender = jidOf(user, envelope.by, device.id)
  const other = envelope.by === 'pn' ? 'lid' : 'pn'
  const attributes = {
    id: node.attrs.id,
    type: node.attrs.type,
    t: seconds(world.now()),
    notify: user.name,
    category: node.attrs.category,
    edit: node.attrs.edit,
    from: sender,
    [other === 'lid' ? 'sender_lid' : 'sender_pn']: jidOf(user, other, device.id),
  }
  for (const parcel of envelope.parcels) {
    const { number } = parcel.mailbox
    if (number !== user.number && world.profiles.isBlocked(number, user.number)) continue
    const recipient = isCopy(user, node, parcel) ? envelope.recipient : undefined
    const content = [parcel.sealed, ...envelope.extras]
    delivery.enqueue(parcel.mailbox, 'message', stanza('message', { ...attributes, recipient }, content))
  }
}

/** A message to the sender's own devices that is about another chat. */
function isCopy(user: User, node: Stanza, { mailbox }: Parcel): boolean {
  return mailbox.number === user.number && !isPeer(node)
}

function acknowledge(
  client: Client,
  world: World,
  node: Stanza,
  more: { error?: number; phash?: string } = {},
): void {
  const error = more.error === undefined ? undefined : String(more.error)
  const { id, to } = node.attrs
  client.send(
    stanza('ack', { class: 'message', id, from: to, t: seconds(world.now()), error, phash: more.phash }),
  )
}
