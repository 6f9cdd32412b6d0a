import { proto } from '@whiskeysockets/baileys'
import type { EphemeralContent, PinContent } from '../../model/content/gesture.ts'

const { EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type
const { PIN_FOR_ALL } = proto.Message.PinInChatMessage.Type

/** What changes how a chat looks to everybody in it: a pin, and the timer for later messages. */
export function changeOf(message: proto.IMessage): PinContent | EphemeralContent | undefined {
  const { pinInChatMessage: pin, protocolMessage: change, messageContextInfo } = message
  if (pin) {
    const seconds = messageContextInfo?.messageAddOnDurationInSecs
    const lasts = seconds ? { seconds } : {}
    return {
      type: 'pin',
      pin: { message_id: pin.key?.id ?? '', pinned: pin.type === PIN_FOR_ALL, ...lasts },
    }
  }
  if (change?.type !== EPHEMERAL_SETTING) return undefined
  return { type: 'ephemeral', ephemeral: { seconds: change.ephemeralExpiration ?? 0 } }
}
