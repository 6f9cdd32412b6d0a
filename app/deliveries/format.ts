import { createHmac } from 'node:crypto'
import type { Secret } from '../lib/secret.ts'
import type { Json, JsonObject, PosternEvent } from '../model/event.ts'
import type { Endpoint } from '../policy/snapshot.ts'

const MAX_BODY_BYTES = 256 * 1024

/** Members of `data` that hold what people wrote or sent, beside the one named by `type`. */
const CONTENT = new Set([
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'reaction',
  'poll',
  'vote',
  'template',
  'edit',
  'unsupported',
])

/** Members that name a person or a chat, wherever in `data` they stand. */
const CONTACT = new Set([
  'chat',
  'from',
  'to',
  'contact',
  'phone',
  'participant',
  'participants',
  'author',
  'voter',
])

/**
 * The body of a delivery as contract section 6 writes it, with what the endpoint's `payload` holds back: `body: none`
 * drops content, `contact: hash` replaces numbers by names that are stable for this endpoint and mean nothing elsewhere.
 * A body over 256 KiB loses its content and says so in `data.truncated`.
 */
export function formatBody(event: PosternEvent, endpoint: Endpoint, contactKey: Secret): string {
  const named =
    endpoint.payload.contact === 'clear' ? event.data : hashContacts(event.data, endpoint, contactKey)
  if (endpoint.payload.body === 'none') return envelope(event, withoutContent(named))
  const whole = envelope(event, named)
  if (Buffer.byteLength(whole) <= MAX_BODY_BYTES) return whole
  return envelope(event, { ...withoutContent(named), truncated: true })
}

function envelope(event: PosternEvent, data: JsonObject): string {
  const { type, id, at, account = null, sequence } = event
  return JSON.stringify({ type, id, timestamp: at.toISOString(), account, sequence, data })
}

function withoutContent(data: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !CONTENT.has(name) && name !== data.type))
}

function hashContacts(data: JsonObject, endpoint: Endpoint, contactKey: Secret): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, walk(value, CONTACT.has(name))]),
  )

  function walk(value: Json, names: boolean): Json {
    if (typeof value === 'string') return names ? hash(value) : value
    if (isList(value)) return value.map(item => walk(item, names))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, walk(inner, CONTACT.has(name))]),
    )
  }

  function hash(value: string): string {
    const digest = createHmac('sha256', contactKey.reveal())
      .update(`contact\0${endpoint.name}\0${value}`)
      .digest('base64url')
    return `hash:${digest.slice(0, 22)}`
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
