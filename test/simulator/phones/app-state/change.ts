import { proto } from '@whiskeysockets/baileys'
import type { NextVersion } from '../../store/mail/collections.ts'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { SERVER } from '../../wire/address.ts'
import { seconds, stanza } from '../../wire/stanza.ts'
import { clientsOf, type Outlet } from '../phone.ts'
import { pushName, type StateAction } from './actions.ts'
import { type CollectionName, type Held, heldBy } from './held.ts'
import { indexMacOf } from './macs.ts'
import { type KeyedMutation, readPatch, writePatch } from './patch.ts'

const ID_BYTES = 8

/** The phone sets something: a patch of its own, and a word to the account's companions. */
export function setOnPhone(outlet: Outlet, user: User, action: StateAction): void {
  const { world } = outlet
  const held = heldBy(world, user, action.collection)
  const next = readPatch(held, writePatch(held, mutationsFor(world, user, { held, action })))
  if (typeof next === 'string') throw new Error(`a patch of the phone's own is wrong: ${next}`)
  putInForce(outlet, user, { name: action.collection, next })
}

/** Lets the companions have the name that a user goes by, where they have another one or none. */
export function tellPushName(outlet: Outlet, user: User): void {
  const action = pushName(user.name)
  const index = JSON.stringify(action.index)
  const known = outlet.world.collections
    .records(user.number, action.collection)
    .findLast(record => record.index === index)
  const told =
    known === undefined ? undefined : proto.SyncActionValue.decode(known.action).pushNameSetting?.name
  if (told !== user.name) setOnPhone(outlet, user, action)
}

export type InForce = {
  readonly name: CollectionName
  readonly next: NextVersion
  /** The device that has set it and does not have to be told. */
  readonly by?: number
}

/** A patch that is right takes effect: the next version, what it says of the user, and a word to the other devices. */
export function putInForce(outlet: Outlet, user: User, { name, next, by }: InForce): number {
  const { world, enqueue } = outlet
  const version = world.collections.append(user.number, name, next)
  for (const { action } of next.set) {
    const renamed = proto.SyncActionValue.decode(action).pushNameSetting?.name
    if (renamed && renamed !== world.users.get(user.number)?.name)
      world.users.change(user.number, { name: renamed })
  }
  for (const mailbox of clientsOf(world, user.number)) {
    const isGreeted = world.devices.get(mailbox.number, mailbox.device)?.bootstrapped === true
    if (mailbox.device === by || !isGreeted) continue
    const id = world.random.of(user.number).hex(ID_BYTES)
    const attributes = { from: SERVER, type: 'server_sync', id, t: seconds(world.now()) }
    const told = stanza('collection', { name, version: String(version) })
    enqueue(mailbox, 'notification', stanza('notification', attributes, [told]))
  }
  return version
}

type Asked = { readonly held: Held; readonly action: StateAction }

/** After a new key an index has another MAC: what was set under an older one goes. */
function mutationsFor(
  { collections, now }: World,
  { number }: User,
  { held, action }: Asked,
): readonly KeyedMutation[] {
  const { index, form } = action
  const text = JSON.stringify(index)
  const value = { ...action.action, timestamp: now().getTime() }
  const mac = indexMacOf(held.newest.macs, Buffer.from(text))
  const mutations: KeyedMutation[] = []
  for (const record of collections.records(number, action.collection)) {
    const isSame = mac.equals(record.indexMac)
    if (record.index !== text || (isSame && action.action !== undefined)) continue
    const key = held.find(proto.SyncdRecord.decode(record.sealed).keyId?.id ?? new Uint8Array(0))
    if (key !== undefined)
      mutations.push({ mutation: { operation: 'remove', index, form, action: value }, key })
  }
  if (action.action === undefined) return mutations
  return [...mutations, { mutation: { operation: 'set', index, form, action: value }, key: held.newest }]
}
