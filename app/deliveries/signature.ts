import { createHmac } from 'node:crypto'
import { PosternError } from '../lib/error.ts'
import type { Secret } from '../lib/secret.ts'

/** What a signature of Standard Webhooks covers. */
export type Signed = { readonly id: string; readonly sentAt: Date; readonly body: string }

const PREFIX = 'whsec_'
const MIN_KEY_BYTES = 24

/**
 * The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of one attempt: one `v1` signature for each
 * secret, so that a receiver may change from one to the next. Throws `secret.malformed` when a secret is no `whsec_…`.
 */
export function sign(signed: Signed, secrets: readonly Secret[]): Readonly<Record<string, string>> {
  const timestamp = Math.floor(signed.sentAt.getTime() / 1_000)
  const text = `${signed.id}.${timestamp}.${signed.body}`
  const signatures = secrets.map(
    secret => `v1,${createHmac('sha256', keyOf(secret)).update(text).digest('base64')}`,
  )
  return {
    'webhook-id': signed.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

function keyOf(secret: Secret): Buffer {
  const text = secret.reveal().toString('utf8').trim()
  const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : ''
  const key = Buffer.from(encoded, 'base64')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || key.length < MIN_KEY_BYTES) {
    throw new PosternError(
      'secret.malformed',
      `a webhook's signing secret must be ${PREFIX} followed by at least ${MIN_KEY_BYTES} bytes in base64`,
    )
  }
  return key
}
