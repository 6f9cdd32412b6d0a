import { normalizeMessageContent, proto, type WAMessage } from '@whiskeysockets/baileys'

const { PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE } = proto.Message.ProtocolMessage.Type

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
