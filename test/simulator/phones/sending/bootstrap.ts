import { proto } from '@whiskeysockets/baileys'
import type { Device } from '../../store/people/devices.ts'
import type { StateKey } from '../../store/people/state-keys.ts'
import { tellPushName } from '../app-state/change.ts'
import { historyNotifications } from '../history/notifications.ts'
import type { Phone } from '../phone.ts'
import { sendPeer } from './peer.ts'

const { ProtocolMessage } = proto.Message

/**
 * What a phone tells a device that was just linked: the keys of the app state, then what was said before. Until a device
 * has the beginning of its history, an unmodified Baileys holds back events for twenty seconds.
 */
export async function bootstrap(phone: Phone, { number, id }: Device): Promise<void> {
  const { world, user } = phone
  const device = world.devices.get(number, id)
  if (device === undefined || device.bootstrapped) return
  tellPushName(phone, user)
  if (!(await sendPeer(phone, id, keyShare(world.stateKeys.list(number, world.now()))))) return
  for (const notification of historyNotifications(phone, device)) await sendPeer(phone, id, notification)
  const known = world.devices.get(number, id)
  if (known !== undefined) world.devices.change(known, { bootstrapped: true })
}

/** The phone makes a new key for what is set from now on, and hands it to its companions. */
export async function rotateStateKey(phone: Phone): Promise<void> {
  const { world, user } = phone
  const fresh = world.stateKeys.add(user.number, world.now())
  for (const device of world.devices.ofUser(user.number)) {
    if (device.bootstrapped && !device.isSimulated) await sendPeer(phone, device.id, keyShare([fresh]))
  }
}

function keyShare(keys: readonly StateKey[]): proto.Message.IProtocolMessage {
  return {
    type: ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE,
    appStateSyncKeyShare: {
      keys: keys.map(({ id, key, at }, index) => ({
        keyId: { keyId: id },
        keyData: {
          keyData: key,
          fingerprint: { rawId: 1, currentIndex: index, deviceIndexes: [0] },
          timestamp: at,
        },
      })),
    },
  }
}
