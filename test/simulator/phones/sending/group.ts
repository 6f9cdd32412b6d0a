import { proto } from '@whiskeysockets/baileys'
import type { Mailbox } from '../../store/mail/queue.ts'
import type { Circle } from '../../store/social/circle.ts'
import type { World } from '../../store/world.ts'
import { jidOf } from '../../wire/address.ts'
import { type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import { noteInLedger } from '../ledger.ts'
import { clientsOf, companionsOf, ownJid, type Phone } from '../phone.ts'
import { takeBundle } from '../signal/bundle.ts'
import { identityBeside } from '../signal/identity.ts'
import type { Ciphertext } from '../signal/signal.ts'
import { sealedContent } from './send.ts'
import { type Traits, traitsOf } from './traits.ts'

const ID_BYTES = 16

/**
 * Sends a message to a group: encrypted once with the phone's sender key, which goes along to every device that does not
 * hold it yet. When somebody who holds it is gone from the group, a new key begins. Gives the message's id.
 */
export async function sendToGroup(phone: Phone, group: Circle, message: proto.IMessage): Promise<string> {
  const { world, user, signal, enqueue } = phone
  const id = world.random.of(user.number).hex(ID_BYTES)
  const bytes = proto.Message.encode(message).finish()
  const at = world.now().toISOString()
  world.sent.add(phone.box, { id, to: group.id, device: phone.device, message: bytes, status: 'sent', at })
  noteInLedger(phone, { event: 'sent', id, from: user.number, chat: group.id, message })
  const mailboxes = devicesOf(world, group).filter(
    ({ number, device }) => number !== user.number || device !== phone.device,
  )
  const held = await holdersOf(phone, group)
  const present = new Set(mailboxes.map(nameOf))
  const isCompromised = [...held].some(holder => !present.has(holder))
  if (isCompromised) await signal.groups.forget(group.id, ownJid(phone, 'lid'))
  const holders = isCompromised ? new Set<string>() : held
  const { ciphertext, distribution } = await signal.groups.encrypt(group.id, ownJid(phone, 'lid'), message)
  const traits = traitsOf(message)
  const sealed = stanza('enc', { v: '2', type: 'skmsg', ...traits.sealed }, Buffer.from(ciphertext))
  for (const mailbox of mailboxes) {
    const key = holders.has(nameOf(mailbox))
      ? undefined
      : await sealKey(phone, mailbox, { group, distribution })
    if (key !== undefined) holders.add(nameOf(mailbox))
    const content = [
      ...(key === undefined ? [] : [sealedContent(key), ...identityBeside(phone, [key])]),
      sealed,
      ...traits.beside,
    ]
    enqueue(mailbox, 'message', groupStanza(phone, group, { id, traits, content }))
  }
  await rememberHolders(phone, group, holders)
  for (const { number } of group.members) {
    if (number !== user.number && clientsOf(world, number).length > 0) {
      world.tallies.count('messages_in', `+${number}`)
    }
  }
  return id
}

/** Encrypts a message to a group once more, with the sender key inside, for the one device that could not read it. */
export async function sendAgainInGroup(
  phone: Phone,
  { number, device }: Mailbox,
  { id, retry, group, message }: { id: string; retry: number; group: Circle; message: proto.IMessage },
): Promise<void> {
  const { world, signal, enqueue } = phone
  const owner = world.users.get(number)
  if (owner === undefined || !group.members.some(member => member.number === number)) return
  const { distribution } = await signal.groups.encrypt(group.id, ownJid(phone, 'lid'), {})
  const said = { ...message, ...keyMessage(group, distribution) }
  const sealed = await signal.encrypt(jidOf(owner, 'lid', device), said, () =>
    takeBundle(phone, owner, device),
  )
  if (sealed === undefined) return
  const traits = traitsOf(message)
  const content = [
    sealedContent(sealed, { retry, ...traits.sealed }),
    ...identityBeside(phone, [sealed]),
    ...traits.beside,
  ]
  enqueue({ number, device }, 'message', groupStanza(phone, group, { id, traits, content }))
}

/** Every device of everybody in the group. */
export function devicesOf(world: World, group: Circle): readonly Mailbox[] {
  return group.members.flatMap(({ number }) => [{ number, device: 0 }, ...companionsOf(world, number)])
}

async function sealKey(
  phone: Phone,
  { number, device }: Mailbox,
  { group, distribution }: { group: Circle; distribution: Uint8Array },
): Promise<Ciphertext | undefined> {
  const owner = phone.world.users.get(number)
  if (owner === undefined) return undefined
  const peer = jidOf(owner, 'lid', device)
  return phone.signal.encrypt(peer, keyMessage(group, distribution), () => takeBundle(phone, owner, device))
}

function keyMessage(group: Circle, distribution: Uint8Array): proto.IMessage {
  const handed = { groupId: group.id, axolotlSenderKeyDistributionMessage: distribution }
  return { senderKeyDistributionMessage: handed }
}

function groupStanza(
  phone: Phone,
  group: Circle,
  { id, traits, content }: { id: string; traits: Traits; content: Stanza[] },
): Stanza {
  const { world, user } = phone
  const other = group.addressing === 'lid' ? 'pn' : 'lid'
  const attributes = {
    from: group.id,
    participant: ownJid(phone, group.addressing),
    [`participant_${other}`]: ownJid(phone, other),
    addressing_mode: group.addressing,
    id,
    type: traits.type,
    edit: traits.edit,
    t: seconds(world.now()),
    notify: user.name,
  }
  return stanza('message', attributes, content)
}

function nameOf({ number, device }: Mailbox): string {
  return `${number}:${device}`
}

async function holdersOf({ world, box }: Phone, { id }: Circle): Promise<Set<string>> {
  const memory = await world.signalKeys.of(box).get('sender-key-memory', [id])
  return new Set(Object.keys(memory[id] ?? {}))
}

async function rememberHolders(
  { world, box }: Phone,
  { id }: Circle,
  holders: ReadonlySet<string>,
): Promise<void> {
  const memory = Object.fromEntries([...holders].map(holder => [holder, true]))
  await world.signalKeys.of(box).set({ 'sender-key-memory': { [id]: memory } })
}
