import { proto } from '@whiskeysockets/baileys'
import { jidOf } from '../../wire/address.ts'
import { stanza } from '../../wire/stanza.ts'
import type { Phone } from '../phone.ts'
import type { Incoming } from '../receiving/incoming.ts'
import { takeBundle } from '../signal/bundle.ts'
import { messageAttributes, sealedContent } from './send.ts'

const ID_BYTES = 16
const { PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE } = proto.Message.ProtocolMessage.Type

/** A linked device has asked its own phone for something: the phone answers that device, and has nothing to give. */
export async function answerPeer(phone: Phone, asked: Incoming, message: proto.IMessage): Promise<void> {
  const said = message.deviceSentMessage?.message ?? message
  const request = said.protocolMessage?.peerDataOperationRequestMessage
  if (asked.node.attrs.category !== 'peer' || !request) return
  const { world, user, signal, enqueue } = phone
  const { device } = asked.from
  const answer: proto.IMessage = {
    protocolMessage: {
      type: PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        stanzaId: asked.id,
        peerDataOperationRequestType: request.peerDataOperationRequestType ?? null,
        peerDataOperationResult: [],
      },
    },
  }
  const sealed = await signal.encrypt(jidOf(user, 'lid', device), answer, () =>
    takeBundle(phone, user, device),
  )
  if (sealed === undefined) return
  const id = world.random.of(user.number).hex(ID_BYTES)
  const attributes = { ...messageAttributes(phone, 'pn'), id, type: 'text', category: 'peer' }
  enqueue({ number: user.number, device }, 'message', stanza('message', attributes, [sealedContent(sealed)]))
}
