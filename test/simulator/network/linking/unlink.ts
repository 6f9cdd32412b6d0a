import type { Device } from '../../store/people/devices.ts'
import type { Network } from '../network.ts'
import { announceDevices } from './device-list.ts'

/**
 * What happens when somebody takes a device off their account: it is gone for good, and told so if it is
 * there. Everybody else learns that it is gone.
 */
export function unlink(network: Network, device: Device): void {
  const { world, clients, phones } = network
  const mailbox = { number: device.number, device: device.id }
  const client = clients.of(mailbox)
  world.devices.remove(device.number, device.id)
  world.preKeys.remove(device.number, device.id)
  world.queue.removeMailbox(mailbox)
  if (device.isSimulated) phones.forgetDevice(mailbox)
  client?.endWith({ code: 401, conflict: 'device_removed' })
  const user = world.users.get(device.number)
  if (user !== undefined) announceDevices(network, user, { change: 'remove', devices: [device] })
}
