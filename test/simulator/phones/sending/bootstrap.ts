import { deflateSync } from 'node:zlib'
import { proto } from '@whiskeysockets/baileys'
import type { Device } from '../../store/people/devices.ts'
import { jidOf } from '../../wire/address.ts'
import { type Stanza, stanza } from '../../wire/stanza.ts'
import type { Phone } from '../phone.ts'
import { takeBundle } from '../signal/bundle.ts'
import { messageAttributes, sealedContent } from './send.ts'

const { ProtocolMessage, HistorySyncType } = proto.Message

/**
 * What a phone tells a device that was just linked: the key of the app state, and a history that is complete and
 * empty. Until a device has its history, an unmodified Baileys holds back events for twenty seconds.
 */
export async function bootstrapStanzas(phone: Phone, device: Device): Promise<readonly Stanza[]> {
  const stanzas: Stanza[] = []
  for (const content of [appStateKeyShare(phone), emptyHistory()]) {
    const sealed = await phone.signal.encrypt(
      jidOf(phone.user, 'lid', device.id),
      { protocolMessage: content },
      () => takeBundle(phone, phone.user, device.id),
    )
    if (sealed === undefined) return []
    const id = phone.world.random.of(phone.user.number).hex(16)
    const attributes = { ...messageAttributes(phone, 'pn'), id, type: 'text', category: 'peer' }
    stanzas.push(stanza('message', attributes, [sealedContent(sealed)]))
  }
  return stanzas
}

function appStateKeyShare({ world, user }: Phone): proto.Message.IProtocolMessage {
  const keyData = {
    keyData: world.phoneKeys.of(user.number).appStateKey,
    fingerprint: { rawId: 1, currentIndex: 0, deviceIndexes: [0] },
    timestamp: world.now().getTime(),
  }
  return {
    type: ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE,
    appStateSyncKeyShare: { keys: [{ keyId: { keyId: Buffer.from([0, 0, 0, 0, 0, 1]) }, keyData }] },
  }
}

function emptyHistory(): proto.Message.IProtocolMessage {
  const syncType = HistorySyncType.INITIAL_BOOTSTRAP
  const history = proto.HistorySync.encode({
    syncType: proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP,
    chunkOrder: 1,
    progress: 100,
  }).finish()
  return {
    type: ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: {
      syncType,
      chunkOrder: 1,
      progress: 100,
      initialHistBootstrapInlinePayload: deflateSync(history),
    },
  }
}
