import { clientsOf } from '../../phones/phone.ts'
import { noteInGroup } from '../../phones/receiving/group.ts'
import { userAt } from '../../phones/receiving/incoming.ts'
import type { QueuedKind } from '../../store/mail/queue.ts'
import { circleAt } from '../../store/social/circle.ts'
import { type Address, isCircleJid, jidOf, parseAddress } from '../../wire/address.ts'
import { child, children, type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import type { Client, LoggedIn } from '../client.ts'
import type { Network } from '../network.ts'

/** Receipts that concern the account itself and go nowhere. */
const PRIVATE = ['sender', 'peer_msg', 'hist_sync', 'server-error', 'read-self', 'played-self']
/** Receipts that come later than the one that confirms a message. */
const LATER = ['read', 'read-self', 'played', 'played-self', 'hist_sync']

/** A device confirms messages: they leave its mailbox, and their sender learns of it. */
export function takeReceipt(
  network: Network,
  client: Client,
  { user, device }: LoggedIn,
  node: Stanza,
): void {
  const { world } = network
  const { id = '', to, type, participant } = node.attrs
  const mailbox = { number: user.number, device: device.id }
  const ids = [id, ...children(child(node, 'list'), 'item').map(item => item.attrs.id ?? '')]
  if (!LATER.includes(type ?? '')) for (const each of ids) world.queue.confirmMessage(mailbox, each)
  client.send(stanza('ack', { class: 'receipt', id, from: to, type, participant }))
  if (type === 'server-error') {
    askPhoneForFile(network, { user, device }, node)
    return
  }
  const address = parseAddress(isCircleJid(to) ? participant : to)
  if (address === undefined || PRIVATE.includes(type ?? '')) return
  forward(network, { user, device }, { node, address, ids })
}

/** A device could not download the file of a message: the account's own phone is asked to upload it again. */
function askPhoneForFile({ world, delivery }: Network, { user, device }: LoggedIn, node: Stanza): void {
  const { id, type } = node.attrs
  const attributes = { id, type, t: seconds(world.now()), from: jidOf(user, 'pn', device.id) }
  delivery.enqueue({ number: user.number, device: 0 }, 'receipt', stanza('receipt', attributes, node.content))
}

type Forwarded = { readonly node: Stanza; readonly address: Address; readonly ids: readonly string[] }

function forward(
  { world, delivery }: Network,
  { user, device }: LoggedIn,
  { node, address, ids }: Forwarded,
): void {
  const sender = userAt(world, address)
  if (sender === undefined) return
  const { id, type, to } = node.attrs
  const group = circleAt(world, to)
  const jid = jidOf(user, address.by, device.id)
  const signed = group === undefined ? { from: jid } : { from: group.id, participant: jid }
  const attributes = {
    id,
    type: type === 'inactive' ? undefined : type,
    t: seconds(world.now()),
    ...signed,
  }
  const receipt = stanza('receipt', attributes, node.content)
  if (type === 'retry') {
    delivery.enqueue({ number: sender.number, device: address.device }, 'receipt', receipt)
    return
  }
  const status = type === 'read' || type === 'played' ? 'read' : 'delivered'
  for (const each of ids) {
    if (group === undefined) world.sent.advance(sender.number, each, status)
    else noteInGroup(world, group, { sender: sender.number, id: each, member: user.number, status })
  }
  for (const mailbox of clientsOf(world, sender.number)) delivery.enqueue(mailbox, 'receipt', receipt)
}

/** A device acknowledges a receipt or notification, or says that it could not use a message. */
export function takeAck({ world }: Network, { user, device }: LoggedIn, node: Stanza): void {
  const { id = '', type = '', error } = node.attrs
  const mailbox = { number: user.number, device: device.id }
  const kind = node.attrs.class as QueuedKind
  if (kind === 'message') world.queue.confirmMessage(mailbox, id)
  else world.queue.confirm(mailbox, { kind, id, type })
  if (error !== undefined) world.tallies.count('nacks', `+${user.number}`)
}
