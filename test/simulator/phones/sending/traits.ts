import type { proto } from '@whiskeysockets/baileys'
import { type Stanza, stanza } from '../../wire/stanza.ts'
import { unwrap } from '../content/context.ts'

/** What a message's stanza says about what is inside: as much as the server and notifications are told. */
export type Traits = {
  readonly type: 'text' | 'media' | 'poll' | 'reaction'
  /** The kind of change to another message. */
  readonly edit?: string
  /** Attributes of the ciphertext. */
  readonly sealed: Readonly<Record<string, string>>
  /** Children beside the ciphertext. */
  readonly beside: readonly Stanza[]
}

const EDIT = '1'
const PIN = '2'
const REVOKE = '7'
const PROTOCOL_REVOKE = 0
const PROTOCOL_EDIT = 14

export function traitsOf(whole: proto.IMessage): Traits {
  const { message } = unwrap(whole)
  const mediatype = mediaType(message)
  if (mediatype !== undefined) return traits('media', { sealed: { mediatype } })
  if (message.pollCreationMessage || message.pollCreationMessageV3) {
    return traits('poll', { beside: [stanza('meta', { polltype: 'creation' })] })
  }
  if (message.pollUpdateMessage) return traits('poll', { beside: [stanza('meta', { polltype: 'vote' })] })
  if (message.reactionMessage) return traits('reaction', { sealed: { 'decrypt-fail': 'hide' } })
  if (message.pinInChatMessage) return traits('text', { edit: PIN, sealed: { 'decrypt-fail': 'hide' } })
  const change = message.protocolMessage
  if (change?.type === PROTOCOL_EDIT) return traits('text', { edit: EDIT })
  return change?.key != null && change.type === PROTOCOL_REVOKE
    ? traits('text', { edit: REVOKE })
    : traits('text', {})
}

function traits(type: Traits['type'], more: Partial<Traits>): Traits {
  return { type, sealed: {}, beside: [], ...more }
}

function mediaType(message: proto.IMessage): string | undefined {
  if (message.imageMessage) return 'image'
  if (message.videoMessage) return message.videoMessage.gifPlayback ? 'gif' : 'video'
  if (message.ptvMessage) return 'ptv'
  if (message.audioMessage) return message.audioMessage.ptt ? 'ptt' : 'audio'
  if (message.documentMessage) return 'document'
  if (message.stickerMessage) return 'sticker'
  if (message.contactMessage) return 'vcard'
  if (message.contactsArrayMessage) return 'contact_array'
  if (message.locationMessage) return 'location'
  if (message.liveLocationMessage) return 'livelocation'
  return message.extendedTextMessage?.matchedText ? 'url' : undefined
}
