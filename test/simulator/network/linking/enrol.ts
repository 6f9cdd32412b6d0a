import { proto } from '@whiskeysockets/baileys'
import { signIdentity } from '../../phones/signal/identity.ts'
import type { Device } from '../../store/people/devices.ts'
import type { PublicPreKey } from '../../store/people/prekeys.ts'
import type { User } from '../../store/people/users.ts'
import type { Network } from '../network.ts'
import { announceDevices } from './device-list.ts'

/** The public keys of a device that wants to be linked. */
export type DeviceKeys = Pick<Device, 'registrationId' | 'noiseKey' | 'identity' | 'signedPreKey'> & {
  readonly preKeys: readonly PublicPreKey[]
}

export type Enrolled = {
  readonly device: Device
  /** What the phone has signed, for the device to sign in turn. */
  readonly identity: Uint8Array
}

/**
 * Links a device by its keys alone: the end of a pairing without the way there, for those who need many linked devices
 * and not the linking. It logs in like others.
 */
export function enrol(network: Network, { number }: User, { preKeys, ...keys }: DeviceKeys): Enrolled {
  const { world } = network
  const id = world.users.get(number)?.nextDeviceId ?? 1
  const user = world.users.change(number, { nextDeviceId: id + 1 })
  const { identity } = signIdentity(world, number, { device: id, companion: keys.identity })
  const device: Device = { number, id, keyIndex: id, bootstrapped: false, ...keys }
  world.devices.add(device)
  world.preKeys.add(number, id, preKeys)
  announceDevices(network, user, { change: 'add', devices: [device] })
  return { device, identity: proto.ADVSignedDeviceIdentity.encode(identity).finish() }
}
