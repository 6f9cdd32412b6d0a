import type { Device } from '../../store/people/devices.ts'
import type { Network } from '../network.ts'

/**
 * What happens when somebody takes a device off their account: it is gone for good, and told so if it is
 * there.
 */
export function unlink({ world, clients }: Network, device: Device): void {
  const mailbox = { number: device.number, device: device.id }
  const client = clients.of(mailbox)
  world.devices.remove(device.number, device.id)
  world.preKeys.remove(device.number, device.id)
  world.queue.removeMailbox(mailbox)
  client?.endWith({ code: 401, conflict: 'device_removed' })
}
