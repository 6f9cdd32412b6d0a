import { jidOf, kindOfChat, waIdOf } from '../../model/chat.ts'
import type { Json, JsonObject } from '../../model/event.ts'
import { MEDIA_TYPES } from '../../model/message.ts'
import type { Surroundings, Tellable } from './tellable.ts'
import { whinselfMessage } from './whinself-message.ts'

const MEDIA: ReadonlySet<Json | undefined> = new Set(MEDIA_TYPES)

/** An event as Whinself tells it: the envelope and the message of the library that it is made with, without secrets of WhatsApp's. */
export function whinselfBody(event: Tellable, data: JsonObject, about: Surroundings): JsonObject {
  return {
    phone: about.phone === undefined ? '' : waIdOf(about.phone),
    event: { Info: infoOf(event, data, about), Message: whinselfMessage(event, data) },
  }
}

function infoOf(event: Tellable, data: JsonObject, { name = '' }: Surroundings): JsonObject {
  return {
    Chat: addressOf(data.chat),
    Sender: addressOf(data.from),
    IsFromMe: data.direction === 'out',
    IsGroup: kindOfChat(event.chat ?? '') === 'group',
    ID: data.message_id ?? '',
    Type: typeOf(data),
    PushName: name,
    Timestamp: data.timestamp ?? event.at.toISOString(),
    MediaType: mediaTypeOf(data),
  }
}

function typeOf({ type }: JsonObject): string {
  if (type === 'poll' || type === 'reaction') return type
  return mediaTypeOf({ type: type ?? '' }) === '' ? 'text' : 'media'
}

function mediaTypeOf(data: JsonObject): string {
  const { type } = data
  if (type === 'location') return 'location'
  if (type === 'contacts') return 'vcard'
  if (!MEDIA.has(type)) return ''
  const member = data[String(type)]
  const isVoice = typeof member === 'object' && member !== null && 'voice' in member && member.voice === true
  return isVoice ? 'ptt' : String(type)
}

function addressOf(chat: Json | undefined): string {
  return typeof chat === 'string' ? jidOf(chat) : ''
}
