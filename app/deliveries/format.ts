import { createHmac } from 'node:crypto'
import type { Secret } from '../lib/secret.ts'
import type { Json, JsonObject } from '../model/event.ts'
import type { WebhookFormat } from '../model/webhook-format.ts'
import type { Endpoint } from '../policy/snapshot.ts'
import { cloudApiBody } from './formats/cloud-api.ts'
import type { Surroundings, Tellable } from './formats/tellable.ts'
import { whinselfBody } from './formats/whinself.ts'

const MAX_BODY_BYTES = 256 * 1024
const SHORT = 1_024
const MOST_MEMBERS = 100

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

type Envelope = (event: Tellable, data: JsonObject, about: Surroundings) => JsonObject

const ENVELOPES: Readonly<Record<WebhookFormat, Envelope>> = {
  postern: posternBody,
  'cloud-api': cloudApiBody,
  whinself: whinselfBody,
}

export type FormatDeps = { readonly contactKey: Secret; readonly about?: Surroundings }

/**
 * The body of a delivery, as contract section 6 or another API writes it, with what the endpoint's `payload` holds back:
 * `body: none` drops content, `contact: hash` replaces numbers by names that are stable for this endpoint and mean nothing
 * elsewhere. A body over 256 KiB loses its content and says so in `data.truncated`: whoever gets it reads the whole event by
 * its id (`GET /v1/events`). When that is not enough, long members go as well, so that no event is too large to be told.
 */
export function formatBody(
  event: Tellable,
  endpoint: Endpoint,
  { contactKey, about = {} }: FormatDeps,
): string {
  const isClear = endpoint.payload.contact === 'clear'
  const named = isClear ? event.data : hashContacts(event.data, endpoint, contactKey)
  const { name: _, ...unnamed } = about
  const write = (data: JsonObject) =>
    JSON.stringify(ENVELOPES[endpoint.format](event, data, isClear ? about : unnamed))
  const whole = write(endpoint.payload.body === 'none' ? withoutContent(named) : named)
  if (Buffer.byteLength(whole) <= MAX_BODY_BYTES) return whole
  const shorter = write({ ...withoutContent(named), truncated: true })
  if (Buffer.byteLength(shorter) <= MAX_BODY_BYTES) return shorter
  return write({ ...onlyShort(named), truncated: true })
}

function posternBody(event: Tellable, data: JsonObject): JsonObject {
  const { type, id, at, account = null, sequence } = event
  return { type, id, timestamp: at.toISOString(), account, sequence, data }
}

function withoutContent(data: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !CONTENT.has(name) && name !== data.type))
}

/** There are few members, so what is left fits. */
function onlyShort(data: JsonObject): JsonObject {
  const kept = Object.entries(data).filter(([, value]) => JSON.stringify(value).length <= SHORT)
  return Object.fromEntries(kept.slice(0, MOST_MEMBERS))
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
