import { randomBytes } from 'node:crypto'
import { boxOf } from '../../store/mail/queue.ts'
import type { Device } from '../../store/people/devices.ts'
import type { User } from '../../store/people/users.ts'
import type { Network } from '../network.ts'
import { announceDevices } from './device-list.ts'
import { unlink } from './unlink.ts'

/**
 * Links a companion to a phone that the simulator plays itself: a browser of that person's, say, with an identity and
 * sessions of its own. Gives the device.
 */
export function addCompanion(network: Network, { number }: User): Device {
  const { world } = network
  const id = world.users.get(number)?.nextDeviceId ?? 1
  const user = world.users.change(number, { nextDeviceId: id + 1 })
  const { registrationId, signedIdentityKey, signedPreKey } = world.phoneKeys.of(
    boxOf({ number, device: id }),
  )
  const device: Device = {
    number,
    id,
    keyIndex: id,
    registrationId,
    noiseKey: randomBytes(32),
    identity: Buffer.from(signedIdentityKey.public),
    signedPreKey: {
      id: signedPreKey.keyId,
      key: signedPreKey.keyPair.public,
      signature: signedPreKey.signature,
    },
    bootstrapped: true,
    isSimulated: true,
  }
  world.devices.add(device)
  announceDevices(network, user, { change: 'add', devices: [device] })
  return device
}

/** Lets a phone have so many companions that the simulator plays; the last ones go first. */
export function haveCompanions(network: Network, user: User, count: number): void {
  const played = network.world.devices.ofUser(user.number).filter(({ isSimulated }) => isSimulated)
  for (const device of played.slice(count)) unlink(network, device)
  for (let missing = count - played.length; missing > 0; missing--) addCompanion(network, user)
}
