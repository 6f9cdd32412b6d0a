import { getContentType, type proto } from '@whiskeysockets/baileys'
import type { MediaContent, MediaType, MessageContent } from '../../model/message.ts'
import type { LidLookup } from '../translate.ts'
import { aroundOf, isForOneLook, unwrapped } from './around.ts'
import { contactsOf } from './cards.ts'
import { changeOf } from './changes.ts'
import { type FilePart, filePartOf } from './file.ts'
import { interactiveOf } from './interactive.ts'
import { countOf } from './numbers.ts'
import { specialOf } from './special.ts'

type Kind = keyof proto.IMessage

/** What a message says, when it is something to be kept; undefined for keys, protocol chatter and gestures at other messages. */
export async function contentOf(
  wrapped: proto.IMessage | null | undefined,
  lookup: LidLookup,
): Promise<MessageContent | undefined> {
  const message = unwrapped(wrapped)
  const kind = getContentType(message)
  if (!message || kind === undefined) return undefined
  const said = mediaOf(message, wrapped) ?? plainOf(message) ?? changeOf(message)
  if (said === undefined && SILENT.has(kind)) return undefined
  const around = await aroundOf(message, kind, lookup)
  if (said !== undefined) return { ...said, ...around }
  return { type: 'unsupported', unsupported: { kind: kind.replace(/Message(V\d+)?$/, '') }, ...around }
}

function plainOf(message: proto.IMessage): MessageContent | undefined {
  const plain = textOf(message) ?? placeOf(message) ?? contactsOf(message) ?? pollOf(message)
  return plain ?? specialOf(message) ?? interactiveOf(message)
}

/** The secret with which the votes for a poll are encrypted, in base64; undefined for any other message. */
export function secretOfPoll(wrapped: proto.IMessage | null | undefined): string | undefined {
  const message = unwrapped(wrapped)
  if (!getContentType(message)?.startsWith('pollCreation')) return undefined
  const secret = message?.messageContextInfo?.messageSecret ?? wrapped?.messageContextInfo?.messageSecret
  return secret?.length ? Buffer.from(secret).toString('base64') : undefined
}

const SILENT = new Set<Kind>([
  'senderKeyDistributionMessage',
  'protocolMessage',
  'reactionMessage',
  'pollUpdateMessage',
  'messageContextInfo',
])

function textOf(message: proto.IMessage): MessageContent | undefined {
  const body = message.conversation || message.extendedTextMessage?.text
  return body ? { type: 'text', text: { body } } : undefined
}

function mediaOf(
  message: proto.IMessage,
  wrapped: proto.IMessage | null | undefined,
): MediaContent | undefined {
  const found = filePartOf(message)
  if (found === undefined) return undefined
  const once = isForOneLook(wrapped, found[1]) ? { view_once: true } : {}
  return { ...mediaContent(...found), ...once }
}

/** What is known of a file before anybody has fetched it. */
function mediaContent(type: MediaType, file: FilePart): MediaContent {
  const { mimetype, fileSha256, fileLength, caption, fileName, ptt } = file
  const size = countOf(fileLength)
  const about = {
    ...(mimetype ? { mime_type: mimetype } : {}),
    ...(fileSha256?.length ? { sha256: Buffer.from(fileSha256).toString('hex') } : {}),
    ...(size ? { size } : {}),
    ...(caption ? { caption } : {}),
    ...(fileName ? { filename: fileName } : {}),
    ...(ptt ? { voice: true } : {}),
  }
  return { type, [type]: about } as unknown as MediaContent
}

function placeOf({ locationMessage, liveLocationMessage }: proto.IMessage): MessageContent | undefined {
  const place = locationMessage ?? liveLocationMessage
  if (!place) return undefined
  const { degreesLatitude, degreesLongitude } = place
  const live = liveLocationMessage || locationMessage?.isLive ? { live: true } : {}
  // What is zero on the wire is not written there.
  const [latitude, longitude] = [degreesLatitude ?? 0, degreesLongitude ?? 0]
  if (!isWithin(latitude, 90) || !isWithin(longitude, 180)) return undefined
  const { name, address } = locationMessage ?? {}
  const words = { ...(name ? { name } : {}), ...(address ? { address } : {}) }
  return { type: 'location', location: { latitude, longitude, ...words, ...live } }
}

/** False for what is no number either. */
function isWithin(degrees: number, most: number): boolean {
  return Math.abs(degrees) <= most
}

function pollOf(message: proto.IMessage): MessageContent | undefined {
  const { pollCreationMessage, pollCreationMessageV2, pollCreationMessageV3, pollCreationMessageV5 } = message
  const poll = pollCreationMessage ?? pollCreationMessageV2 ?? pollCreationMessageV3 ?? pollCreationMessageV5
  if (!poll) return undefined
  const options = (poll.options ?? []).map(({ optionName }) => optionName ?? '')
  const selectable_count = poll.selectableOptionsCount ?? 0
  return { type: 'poll', poll: { name: poll.name ?? '', options, selectable_count } }
}
