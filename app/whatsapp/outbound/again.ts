import type { ChatId } from '../../model/chat.ts'
import { jidOf } from '../../model/chat.ts'
import type { SentFile } from '../../model/media.ts'
import { carrierIn, mediaIn, type OutgoingContent } from '../../model/message.ts'
import type { Store } from '../../store/store.ts'
import type { Places } from './place.ts'
import { type Written, write } from './write.ts'

/** Which message is asked for, by whom it is in the chat, and whose device sends it again. */
export type Asked = {
  readonly id: string
  readonly chat: ChatId | undefined
  /** The number of the device: what went out under another is none of its messages. */
  readonly phone: string | undefined
}

type AgainDeps = { readonly account: string; readonly store: Store; readonly places: Places }

/** A message of ours in WhatsApp's form, for a device that asks for it again; undefined when that is in another chat. */
export async function writtenBefore(
  asked: Asked,
  { account, store, places }: AgainDeps,
): Promise<Written | undefined> {
  const { id, chat, phone } = asked
  const named = (messageId: string) => store.messages.named(account, messageId)
  const known = await named(id)
  const own = known.find(({ chat: its, from = phone }) => its === chat && from === phone)
  if (own?.direction !== 'out' || chat === undefined || !isWritable(own.content.type)) return undefined
  const place = await places.look(chat, jidOf(chat))
  const ephemeralSeconds = await store.messages.timer(account, chat)
  const content = own.content as OutgoingContent
  const file = await fileOf(account, content, store)
  if (carrierIn(content) !== undefined && file === undefined) return undefined
  return await write({ ...own, content }, { place, ephemeralSeconds, named, ...(file && { file }) })
}

/** Where WhatsApp has had the file since the message was first written. */
async function fileOf(
  account: string,
  content: OutgoingContent,
  { media }: Store,
): Promise<SentFile | undefined> {
  const carrier = carrierIn(content)
  const id = carrier && mediaIn(carrier)?.id
  return carrier && id !== undefined ? (await media.get(account, id))?.sent[carrier.type] : undefined
}

/** What was written on the phone may be of a type that this device does not send. */
function isWritable(type: string): type is OutgoingContent['type'] {
  return WRITABLE.has(type)
}

const WRITABLE: ReadonlySet<string> = new Set<OutgoingContent['type']>([
  'text',
  'template',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'poll',
  'reaction',
  'edit',
  'revoke',
  'pin',
  'forward',
])
