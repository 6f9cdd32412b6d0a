import { normalizeMessageContent, proto, type WAMessage } from '@whiskeysockets/baileys'

const {
  APP_STATE_SYNC_KEY_SHARE,
  HISTORY_SYNC_NOTIFICATION,
  LID_MIGRATION_MAPPING_SYNC,
  PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
} = proto.Message.ProtocolMessage.Type
const FOR_LIBRARY = new Set([APP_STATE_SYNC_KEY_SHARE, HISTORY_SYNC_NOTIFICATION, LID_MIGRATION_MAPPING_SYNC])

/** True for what the own phone tells this device and the library works on: histories, keys, addresses. */
export function isForLibrary({ key, message }: WAMessage): boolean {
  const type = normalizeMessageContent(message)?.protocolMessage?.type
  return key.fromMe === true && type != null && FOR_LIBRARY.has(type)
}

/** The messages that the own phone has sent again on request; from anybody else it would be a forgery. */
export function resentMessages({ key, message }: WAMessage): readonly WAMessage[] {
  const protocol = normalizeMessageContent(message)?.protocolMessage
  if (!key.fromMe || protocol?.type !== PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE) return []
  const results = protocol.peerDataOperationRequestResponseMessage?.peerDataOperationResult ?? []
  return results.flatMap(({ placeholderMessageResendResponse }) => {
    const bytes = placeholderMessageResendResponse?.webMessageInfoBytes
    return bytes ? [proto.WebMessageInfo.decode(bytes) as WAMessage] : []
  })
}
