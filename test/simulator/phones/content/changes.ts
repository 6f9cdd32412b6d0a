import { proto } from '@whiskeysockets/baileys'
import { keyOf, knownMessage } from './key.ts'
import { type Kinds, present } from './kind.ts'
import { MemberFault, readMembers } from './members.ts'

const { Type: Change } = proto.Message.ProtocolMessage
const { Type: Pin } = proto.Message.PinInChatMessage
const DAY_SECONDS = 24 * 60 * 60

/** Messages about another message, and the one about all later ones: what the chat shows changes with them. */
export const changeKinds: Kinds = {
  reaction: {
    read({ reactionMessage: reaction }) {
      if (reaction == null) return undefined
      return { content: { message_id: reaction.key?.id ?? '', emoji: reaction.text ?? '' } }
    },
    write(member, writer) {
      const { message_id, emoji } = readMembers(member, { message_id: 'string', emoji: 'text' }, 'reaction')
      const key = keyOf(writer, knownMessage(writer, message_id))
      return { reactionMessage: { key, text: emoji, senderTimestampMs: writer.now().getTime() } }
    },
  },
  edit: {
    read({ protocolMessage: change }) {
      if (change?.type !== Change.MESSAGE_EDIT) return undefined
      const edited = change.editedMessage
      const text = edited?.conversation || edited?.extendedTextMessage?.text
      const caption = edited?.imageMessage?.caption ?? edited?.videoMessage?.caption
      const body = text ?? caption ?? edited?.documentMessage?.caption ?? ''
      return {
        content: { message_id: change.key?.id ?? '', body },
        contextInfo: edited?.extendedTextMessage?.contextInfo,
      }
    },
    write(member, writer) {
      const { message_id, body } = readMembers(member, { message_id: 'string', body: 'string' }, 'edit')
      const known = knownMessage(writer, message_id)
      if (!known.isOwn) throw new MemberFault(`message ${message_id} is not this phone's own`)
      const protocolMessage = {
        key: keyOf(writer, known),
        type: Change.MESSAGE_EDIT,
        editedMessage: { conversation: body },
        timestampMs: writer.now().getTime(),
      }
      return { editedMessage: { message: { protocolMessage } } }
    },
  },
  revoke: {
    read({ protocolMessage: change }) {
      if (change == null || change.key == null || change.type !== Change.REVOKE) return undefined
      return { content: { message_id: change.key.id ?? '' } }
    },
    write(member, writer) {
      const { message_id } = readMembers(member, { message_id: 'string' }, 'revoke')
      return {
        protocolMessage: { key: keyOf(writer, knownMessage(writer, message_id)), type: Change.REVOKE },
      }
    },
  },
  pin: {
    read({ pinInChatMessage: pin, messageContextInfo }) {
      if (pin == null) return undefined
      const isPinned = pin.type === Pin.PIN_FOR_ALL
      const seconds = messageContextInfo?.messageAddOnDurationInSecs
      return { content: { message_id: pin.key?.id ?? '', pinned: isPinned, ...present({ seconds }) } }
    },
    write(member, writer) {
      const { message_id, pinned, seconds } = readMembers(
        member,
        { message_id: 'string', pinned: 'boolean?', seconds: 'number?' },
        'pin',
      )
      const key = keyOf(writer, knownMessage(writer, message_id))
      const type = pinned === false ? Pin.UNPIN_FOR_ALL : Pin.PIN_FOR_ALL
      const lasts = pinned === false ? 0 : (seconds ?? DAY_SECONDS)
      return {
        pinInChatMessage: { key, type, senderTimestampMs: writer.now().getTime() },
        messageContextInfo: { messageAddOnDurationInSecs: lasts },
      }
    },
  },
  ephemeral: {
    read({ protocolMessage: change }) {
      if (change?.type !== Change.EPHEMERAL_SETTING) return undefined
      return { content: { seconds: change.ephemeralExpiration ?? 0 } }
    },
    write(member) {
      const { seconds } = readMembers(member, { seconds: 'number' }, 'ephemeral')
      return { protocolMessage: { type: Change.EPHEMERAL_SETTING, ephemeralExpiration: seconds } }
    },
  },
}
