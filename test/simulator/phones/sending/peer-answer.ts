import { proto } from '@whiskeysockets/baileys'
import type { Phone } from '../phone.ts'
import type { Incoming } from '../receiving/incoming.ts'
import { sendPeer } from './peer.ts'

const { PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE } = proto.Message.ProtocolMessage.Type

/** A linked device has asked its own phone for something: the phone answers that device, and has nothing to give. */
export async function answerPeer(phone: Phone, asked: Incoming, message: proto.IMessage): Promise<void> {
  const said = message.deviceSentMessage?.message ?? message
  const request = said.protocolMessage?.peerDataOperationRequestMessage
  if (asked.node.attrs.category !== 'peer' || !request) return
  await sendPeer(phone, asked.from.device, {
    type: PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
    peerDataOperationRequestResponseMessage: {
      stanzaId: asked.id,
      peerDataOperationRequestType: request.peerDataOperationRequestType ?? null,
      peerDataOperationResult: [],
    },
  })
}
