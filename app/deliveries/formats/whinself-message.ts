import { type ContactCard, vcardOf } from '../../model/content/contact-card.ts'
import type { JsonObject } from '../../model/event.ts'
import type {
  ContactsContent,
  LocationContent,
  Media,
  MessageContent,
  PollContent,
} from '../../model/message.ts'
import type { Tellable } from './tellable.ts'

/** The library's numbers for what is done to a message. */
const REVOKE = 0
const MESSAGE_EDIT = 14

/** The message of an event in the form of WhatsApp's own messages; empty where its content is held back or has none. */
export function whinselfMessage({ type }: Tellable, data: JsonObject): JsonObject {
  const key = { ID: data.message_id ?? '' }
  switch (type) {
    case 'message.revoked':
      return { protocolMessage: { type: REVOKE, key } }
    case 'message.edited':
      return { protocolMessage: { type: MESSAGE_EDIT, key, editedMessage: whinselfContent(data) } }
    default:
      return whinselfContent(data)
  }
}

/** What a message says, in the form of WhatsApp's own messages. */
export function whinselfContent(data: JsonObject): JsonObject {
  if (typeof data.type !== 'string' || data[data.type] === undefined) return {}
  const content = data as unknown as MessageContent // events hold it whole, or its member not at all
  switch (content.type) {
    case 'text':
      return wordsOf(content.text.body, content.context?.message_id)
    case 'image':
      return { imageMessage: fileOf(content.image) }
    case 'video':
      return { videoMessage: fileOf(content.video) }
    case 'sticker':
      return { stickerMessage: fileOf(content.sticker) }
    case 'audio':
      return { audioMessage: { ...fileOf(content.audio), PTT: content.audio.voice === true } }
    case 'document':
      return { documentMessage: fileOf(content.document) }
    case 'location':
      return { locationMessage: placeOf(content) }
    case 'contacts':
      return cardsOf(content)
    case 'poll':
      return { pollCreationMessage: questionOf(content) }
    case 'reaction':
      return { reactionMessage: { key: { ID: content.reaction.message_id }, text: content.reaction.emoji } }
    default:
      return {}
  }
}

function wordsOf(text: string, answers: string | undefined): JsonObject {
  if (answers === undefined) return { conversation: text }
  return { extendedTextMessage: { text, contextInfo: { stanzaID: answers } } }
}

/** `mediaID` is ours: by it the file is had, instead of by keys of WhatsApp's. */
function fileOf({ id, caption, mime_type, size, sha256, filename, width, height }: Media): JsonObject {
  return {
    ...(id === undefined ? {} : { mediaID: id }),
    ...(caption === undefined ? {} : { caption }),
    ...(mime_type === undefined ? {} : { mimetype: mime_type }),
    ...(size === undefined ? {} : { fileLength: size }),
    ...(sha256 === undefined ? {} : { fileSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
    ...(filename === undefined ? {} : { fileName: filename }),
    ...(width === undefined || height === undefined ? {} : { width, height }),
  }
}

function placeOf({ location: { latitude, longitude, name, address } }: LocationContent): JsonObject {
  return {
    degreesLatitude: latitude,
    degreesLongitude: longitude,
    ...(name === undefined ? {} : { name }),
    ...(address === undefined ? {} : { address }),
  }
}

function cardsOf({ contacts }: ContactsContent): JsonObject {
  const cards = contacts.map((card: ContactCard) => ({
    displayName: card.name.formatted_name,
    vcard: vcardOf(card),
  }))
  const [only, another] = cards
  return only !== undefined && another === undefined
    ? { contactMessage: only }
    : { contactsArrayMessage: { contacts: cards } }
}

function questionOf({ poll: { name, options, selectable_count } }: PollContent): JsonObject {
  return {
    name,
    options: options.map(optionName => ({ optionName })),
    selectableOptionsCount: selectable_count,
  }
}
