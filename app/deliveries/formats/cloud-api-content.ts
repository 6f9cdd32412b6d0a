import { present } from '../../lib/present.ts'
import type { Json, JsonObject } from '../../model/event.ts'
import { MEDIA_TYPES } from '../../model/message.ts'

const FILES: ReadonlySet<Json | undefined> = new Set(MEDIA_TYPES)
const SAME: ReadonlySet<Json | undefined> = new Set(['text', 'location', 'contacts', 'reaction'])

const REPLIES: Readonly<Record<string, string>> = { button_reply: 'button_reply', list_reply: 'list_reply' }

/** What stands in the place of a message that Cloud API has no form for. */
export const UNTELLABLE: JsonObject = unsupported('Message type unknown')

/** What the endpoint's `payload` or the size of a body has held back. */
const HELD_BACK: JsonObject = unsupported('The content is not part of this webhook')

/** What a message says, in Cloud API's words: its type and the member named by it. */
export function graphContent(data: JsonObject): JsonObject {
  const { type } = data
  if (typeof type !== 'string') return UNTELLABLE
  const member = data[type]
  if (!FILES.has(type) && !SAME.has(type) && type !== 'interactive') return UNTELLABLE
  if (member === undefined || member === null) return HELD_BACK
  if (SAME.has(type)) return { type, [type]: member }
  if (typeof member !== 'object') return UNTELLABLE
  return FILES.has(type) ? { type, [type]: fileOf(member as JsonObject) } : pressed(member as JsonObject)
}

/** Webhooks write hashes in base64. */
function fileOf({ id, mime_type, sha256, caption, filename, voice, animated }: JsonObject): JsonObject {
  return present({
    id,
    mime_type,
    sha256: typeof sha256 === 'string' ? Buffer.from(sha256, 'hex').toString('base64') : undefined,
    ...{ caption, filename, voice, animated },
  })
}

function pressed({ type, reply }: JsonObject): JsonObject {
  const kind = REPLIES[String(type)]
  if (kind === undefined || typeof reply !== 'object' || reply === null) return UNTELLABLE
  return { type: 'interactive', interactive: { type: kind, [kind]: reply } }
}

function unsupported(details: string): JsonObject {
  const title = 'Message type is currently not supported'
  return {
    type: 'unsupported',
    errors: [{ code: 131051, title, message: title, error_data: { details } }],
  }
}
