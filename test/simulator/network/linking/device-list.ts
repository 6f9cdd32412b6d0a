import { clientsOf } from '../../phones/phone.ts'
import type { Device } from '../../store/people/devices.ts'
import type { User } from '../../store/people/users.ts'
import { jidOf } from '../../wire/address.ts'
import { seconds, stanza } from '../../wire/stanza.ts'
import { devicesOfAcquaintances } from '../contacts/acquaintances.ts'
import type { Network } from '../network.ts'

const ID_BYTES = 8

/** What has happened to devices of a user; after `update` everybody has to ask for the list again. */
export type DeviceChange = 'add' | 'remove' | 'update'

/**
 * Tells those who write with a user, and the user's own other devices, that the list of devices has changed. Until they
 * know it, they send to the list that they had.
 */
export function announceDevices(
  { world, delivery }: Pick<Network, 'world' | 'delivery'>,
  user: User,
  { change, devices }: { change: DeviceChange; devices: readonly Pick<Device, 'id' | 'keyIndex'>[] },
): void {
  const t = seconds(world.now())
  const entries = devices.map(({ id, keyIndex }) =>
    stanza('device', {
      jid: jidOf(user, 'pn', id),
      lid: jidOf(user, 'lid', id),
      'key-index': keyIndex === 0 ? undefined : String(keyIndex),
    }),
  )
  const changed = new Set(devices.map(({ id }) => id))
  const own = clientsOf(world, user.number).filter(({ device }) => !changed.has(device))
  for (const mailbox of [...own, ...devicesOfAcquaintances(world, user.number)]) {
    const id = world.random.of(mailbox.number).hex(ID_BYTES)
    const content = [...entries, stanza('key-index-list', { ts: t })]
    const attributes = { from: jidOf(user, 'pn'), lid: jidOf(user, 'lid'), type: 'devices', id, t }
    const node = stanza('notification', attributes, [stanza(change, {}, content)])
    delivery.enqueue(mailbox, 'notification', node)
  }
}
