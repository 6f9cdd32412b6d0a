import { namesMatching } from '../../lib/glob.ts'
import { EVENT_TYPES, type EventType } from '../../model/event.ts'
import { TOLD_EVENTS, type WebhookFormat } from '../../model/webhook-format.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { type Entry, entriesOf, tell } from './entries.ts'

const CODE = 'PS-1111'

/** Tells of endpoints in the format of another API that ask for what this has no form for. */
export function checkWebhooks(shapes: readonly Shape[]): readonly Diagnostic[] {
  return entriesOf(shapes, 'Webhooks', 'endpoints').flatMap(endpoint => {
    const format = formatOf(endpoint)
    return format === undefined
      ? []
      : [...eventFaults(endpoint, format), ...signFaults(endpoint, format), ...tokenFaults(endpoint, format)]
  })
}

function formatOf({ value: { format = 'postern' } }: Entry): WebhookFormat | undefined {
  return typeof format === 'string' && Object.hasOwn(TOLD_EVENTS, format)
    ? (format as WebhookFormat)
    : undefined // told by its schema
}

function eventFaults(endpoint: Entry, format: WebhookFormat): readonly Diagnostic[] {
  const { path, name, value } = endpoint
  const events: readonly unknown[] = Array.isArray(value.events) ? value.events : []
  return events.flatMap((pattern, index) => {
    if (typeof pattern !== 'string') return []
    const types = namesMatching([pattern], EVENT_TYPES) as readonly EventType[]
    if (types.length === 0 || types.some(type => TOLD_EVENTS[format].has(type))) return []
    const message = `the format ${format} has no form for "${pattern}" in endpoint "${name}"`
    const hint = 'leave it out, or tell it to an endpoint of the format postern'
    return [tell(endpoint, { code: CODE, path: [...path, 'events', index], at: 'value', message, hint })]
  })
}

function signFaults(endpoint: Entry, format: WebhookFormat): readonly Diagnostic[] {
  const { path, name, value } = endpoint
  if (format !== 'cloud-api' || !isRecord(value.sign)) return []
  const { scheme, previousRef } = value.sign
  const at = (member: string) => ({ path: [...path, 'sign', member], at: 'key' }) as const
  const why = `endpoint "${name}" has the format cloud-api, which knows one signature, with a shared secret`
  return [
    ...(scheme === 'v1a' ? [tell(endpoint, { code: CODE, ...at('scheme'), message: why })] : []),
    ...(previousRef === undefined
      ? []
      : [tell(endpoint, { code: CODE, ...at('previousRef'), message: why })]),
  ]
}

function tokenFaults(endpoint: Entry, format: WebhookFormat): readonly Diagnostic[] {
  const { path, name, value } = endpoint
  if (value.verifyTokenRef === undefined || format === 'cloud-api') return []
  const message = `verifyTokenRef is for the format cloud-api, and endpoint "${name}" has ${format}`
  return [tell(endpoint, { code: CODE, path: [...path, 'verifyTokenRef'], at: 'key', message })]
}
