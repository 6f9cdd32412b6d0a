import type { User } from '../../store/people/users.ts'
import { jidOf } from '../../wire/address.ts'
import { seconds, stanza } from '../../wire/stanza.ts'
import { participant } from '../groups/describe.ts'
import { notifyGroup } from '../groups/notify.ts'
import { unlink } from '../linking/unlink.ts'
import type { Network } from '../network.ts'
import { devicesOfAcquaintances } from './acquaintances.ts'

const ID_BYTES = 8

/**
 * Gives a user another number: the LID, keys, chats and groups stay, linked devices are taken off, and everybody who knows
 * the user hears of it. The new number must be free.
 */
export async function changeNumber(network: Network, before: User, number: string): Promise<User> {
  const { world, delivery, phones } = network
  const acquaintances = devicesOfAcquaintances(world, before.number)
  for (const device of world.devices.ofUser(before.number)) unlink(network, device)
  const after = await world.db.unit(async () => {
    const { users, groups, phoneKeys, signalKeys, stateKeys, collections } = world
    const { inbox, received, sent, profiles, pictures } = world
    const keys = [phoneKeys, signalKeys, stateKeys]
    for (const each of [...keys, collections, inbox, received, sent, profiles, pictures])
      each.move(before.number, number)
    for (const group of groups.ofMember(before.number)) groups.put(renumbered(group, before.number, number))
    phones.forget()
    return users.renumber(before.number, number)
  })
  const modified = stanza('modify', {
    old: jidOf(before, 'pn'),
    new: jidOf(after, 'pn'),
    old_lid: jidOf(before, 'lid'),
    new_lid: jidOf(after, 'lid'),
  })
  const attributes = { from: jidOf(before, 'pn'), type: 'contacts', t: seconds(world.now()) }
  const node = stanza('notification', { ...attributes, id: world.random.hex(ID_BYTES) }, [modified])
  for (const mailbox of acquaintances) delivery.enqueue(mailbox, 'notification', node)
  for (const group of world.groups.ofMember(number)) {
    if (group.addressing !== 'pn') continue // by LID nothing has changed
    notifyGroup(network, {
      group,
      actor: before,
      what: stanza('modify', {}, [participant(world, { group, number })]),
    })
  }
  await world.db.committed()
  return after
}

function renumbered<T>(value: T, from: string, to: string): T {
  if (value === from) return to as T
  if (Array.isArray(value)) return value.map(each => renumbered(each, from, to)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, renumbered(each, from, to)]),
  ) as T
}
