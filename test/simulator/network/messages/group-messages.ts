import { userAt } from '../../phones/receiving/incoming.ts'
import { devicesOf } from '../../phones/sending/group.ts'
import type { Mailbox } from '../../store/mail/queue.ts'
import { type Circle, STATUS_JID, statusCircle } from '../../store/social/circle.ts'
import type { Group } from '../../store/social/groups.ts'
import { senderKeyOwner } from '../../store/social/sender-keys.ts'
import { jidOf, parseAddress } from '../../wire/address.ts'
import { bytesOf, child, children, type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import type { LoggedIn } from '../client.ts'
import { whyNotIn } from '../groups/rights.ts'
import type { Network } from '../network.ts'
import { type EnvelopeRefusal, isGone } from './envelope.ts'

const FORBIDDEN = 403
const NOT_FOUND = 404
const STALE_ADDRESSING = 421
const NOT_PASSED_ON = ['participants', 'enc', 'reporting']

/** The parts that only some devices get, by device: mostly the sender key. */
type Parts = ReadonlyMap<string, Stanza>

/**
 * Takes a message of a linked device to every device of a group, or a status to those that it is addressed to: the same
 * ciphertext for all, with the sender key for those that it was sealed for. Gives a refusal, or undefined when the message
 * is on its way.
 */
export function passToCircle(network: Network, account: LoggedIn, node: Stanza): EnvelopeRefusal | undefined {
  const { id, to, type } = node.attrs
  if (!id || !type) return malformed(`a message to ${to} without id or type`)
  if (to !== STATUS_JID) return passToGroup(network, account, node)
  const listed = [
    ...children(child(node, 'participants'), 'to').map(({ attrs }) => attrs.jid),
    node.attrs.participant,
  ]
  const viewers = listed.map(jid => userAt(network.world, parseAddress(jid))?.number ?? '')
  return pass(network, { account, node, group: statusCircle([...new Set(viewers)]) })
}

function passToGroup(network: Network, account: LoggedIn, node: Stanza): EnvelopeRefusal | undefined {
  const { world } = network
  const { to = '' } = node.attrs
  const group = world.groups.get(to)
  if (group === undefined) return refused(NOT_FOUND, `there is no group ${to}`)
  const fault = mayNot(group, account, node)
  if (fault !== undefined) {
    if (child(node, 'participants') !== undefined) world.senderKeys.lose(keyOwner(group, account))
    return fault
  }
  const refusal = pass(network, { account, node, group })
  if (refusal === undefined) {
    for (const part of sealedForAll(node)) noteSenderKey(network, group, { account, part })
  }
  return refusal
}

type Addressed = { readonly account: LoggedIn; readonly node: Stanza; readonly group: Circle }

function pass(network: Network, { account, node, group }: Addressed): EnvelopeRefusal | undefined {
  const { id, participant } = node.attrs
  const parts = readParts(network, group, node)
  if ('kind' in parts) return parts
  const needsIdentity = [...parts.values()].some(({ attrs }) => attrs.type === 'pkmsg')
  if (needsIdentity && child(node, 'device-identity') === undefined) {
    return malformed(`message ${id} opens a session without a device identity`)
  }
  const common = sealedForAll(node)
  if (participant === undefined && common.length !== 1) return malformed(`message ${id} has no skmsg`)
  distribute(network, { account, node, group, parts, common })
  return undefined
}

function sealedForAll(node: Stanza): readonly Stanza[] {
  return children(node, 'enc').filter(({ attrs }) => attrs.type === 'skmsg')
}

function mayNot(group: Group, { user }: LoggedIn, { attrs }: Stanza): EnvelopeRefusal | undefined {
  const fault = whyNotIn(group, user)
  if (fault !== undefined) return refused(FORBIDDEN, fault)
  if (attrs.addressing_mode !== undefined && attrs.addressing_mode !== group.addressing) {
    return refused(STALE_ADDRESSING, `${group.id} is addressed by ${group.addressing}`)
  }
  return undefined
}

/** What is sealed for single devices: sender keys, or the whole message again for the one that asked. */
function readParts({ world }: Network, group: Circle, node: Stanza): Parts | EnvelopeRefusal {
  const { id, participant } = node.attrs
  const listed =
    participant === undefined
      ? children(child(node, 'participants'), 'to').map(part => ({
          jid: part.attrs.jid,
          sealed: child(part, 'enc'),
        }))
      : [{ jid: participant, sealed: child(node, 'enc') }]
  const parts = new Map<string, Stanza>()
  for (const { jid, sealed } of listed) {
    if (sealed === undefined || !['pkmsg', 'msg'].includes(sealed.attrs.type ?? '')) {
      return malformed(`message ${id} has a part that is no pkmsg or msg`)
    }
    const address = parseAddress(jid)
    const owner = userAt(world, address)
    if (isGone(world, address)) continue
    const isThere =
      owner !== undefined &&
      address !== undefined &&
      group.members.some(({ number }) => number === owner.number) &&
      (address.device === 0 || world.devices.get(owner.number, address.device) !== undefined)
    if (!isThere) {
      const detail = `message ${id}: a part is for ${jid}, which is no device in ${group.id}`
      return { kind: 'refused', violation: 'wrong-device-list', detail }
    }
    parts.set(`${owner.number}:${address.device}`, sealed)
  }
  return parts
}

type Accepted = Addressed & {
  readonly parts: Parts
  readonly common: readonly Stanza[]
}

function distribute(
  { world, delivery }: Network,
  { account: { user, device }, node, group, parts, common }: Accepted,
): void {
  const other = group.addressing === 'lid' ? 'pn' : 'lid'
  const attributes = {
    id: node.attrs.id,
    type: node.attrs.type,
    t: seconds(world.now()),
    notify: user.name,
    edit: node.attrs.edit,
    from: group.id,
    participant: jidOf(user, group.addressing, device.id),
    [`participant_${other}`]: jidOf(user, other, device.id),
    addressing_mode: group.addressing,
  }
  const extras = children(node).filter(({ tag }) => !NOT_PASSED_ON.includes(tag))
  const isForListed = node.attrs.participant !== undefined || group.id === STATUS_JID
  for (const mailbox of devicesOf(world, group)) {
    if (mailbox.number === user.number && mailbox.device === device.id) continue
    const part = parts.get(nameOf(mailbox))
    if (isForListed && part === undefined) continue
    const content = [...(part === undefined ? [] : [part]), ...common, ...extras]
    delivery.enqueue(mailbox, 'message', stanza('message', attributes, content))
  }
}

/** Counts messages whose sender key somebody holds who has left the group since. */
function noteSenderKey(
  { world }: Network,
  group: Group,
  { account, part }: { account: LoggedIn; part: Stanza },
): void {
  const key = senderKeyId(bytesOf(part) ?? Buffer.alloc(0))
  const since = world.senderKeys.firstSeen(keyOwner(group, account), { key, epoch: group.epoch })
  if (since < group.epoch) world.tallies.count('stale_sender_keys', `+${account.user.number}`)
}

function keyOwner({ id }: Group, { user, device }: LoggedIn): string {
  return senderKeyOwner(id, { number: user.number, device: device.id })
}

/** The key's id: the first field of the message, after the version byte. */
function senderKeyId(bytes: Buffer): number {
  let id = 0
  for (let at = 2; at < bytes.length; at++) {
    const byte = bytes.readUInt8(at)
    id += (byte & 0x7f) * 2 ** (7 * (at - 2))
    if (byte < 0x80) break
  }
  return id
}

function nameOf({ number, device }: Mailbox): string {
  return `${number}:${device}`
}

function refused(error: number, detail: string): EnvelopeRefusal {
  return { kind: 'refused', error, detail }
}

function malformed(detail: string): EnvelopeRefusal {
  return { kind: 'refused', violation: 'malformed-stanza', detail }
}
