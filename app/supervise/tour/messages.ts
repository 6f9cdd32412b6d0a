import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CONTACT, callApi, callSimulator, endpointsOf, jsonOf, type TourContext } from './context.ts'
import { decrypted, send, type Webhook, webhookOf, writeToUs } from './exchange.ts'
import { expect, type Step, until } from './tour.ts'

const WITHIN_MS = 30_000
const HELLO = 'Invoice 2026-117 is ready. Grüße – ça va? 🌍'
const REPLY = 'Thanks, got it 👍'

type Timeline = { status: string; timeline: { status: string; at: string }[] }

/** Steps 4 to 6: a text out, its receipts, a reply in as a signed webhook. */
export const messageSteps: readonly Step<TourContext>[] = [
  { step: 'text sent with a client certificate, decrypted', run: sendText },
  { step: 'receipts delivered and read in the timeline', run: followReceipts },
  { step: 'reply arrives as a signed webhook', run: receiveReply },
]

async function sendText(context: TourContext): Promise<string> {
  await callSimulator(context, '/phones', { number: CONTACT, name: 'Alice' })
  const { id, message_id } = await send(context, { type: 'text', text: { body: HELLO } })
  context.sent = { id, messageId: message_id }
  const entry = await decrypted(context, CONTACT, message_id)
  expect(entry.text?.body === HELLO, 'the phone decrypted another text')
  return `${id} as ${message_id}`
}

async function followReceipts(context: TourContext): Promise<string> {
  const { sent } = context
  expect(sent !== undefined, 'nothing was sent')
  await callSimulator(context, `/phones/${CONTACT}/read`, { message_ids: [sent.messageId] })
  const path = `/v1/accounts/main/messages/${sent.id}`
  const message = await until('status read', WITHIN_MS, async () => {
    const found = jsonOf<Timeline>(await callApi(context, { path }))
    return found.status === 'read' ? found : undefined
  })
  const seen = message.timeline.map(({ status }) => status)
  for (const status of ['queued', 'sent', 'delivered', 'read']) {
    expect(seen.includes(status), `no ${status} in the timeline: ${seen.join(', ')}`)
  }
  return seen.join(' → ')
}

async function receiveReply(context: TourContext): Promise<string> {
  const { receiver } = endpointsOf(context)
  expect(receiver !== undefined, 'the sandbox has no receiver')
  await writeToUs(context, CONTACT, { type: 'text', text: { body: REPLY } })
  const delivery = await webhookOf(context, REPLY)
  const secret = readFileSync(receiver.secret_file, 'utf8').trim()
  expect(verifies(delivery, secret), 'the signature does not verify')
  expect(!verifies({ ...delivery, body: `${delivery.body} ` }, secret), 'a changed body verifies as well')
  return `webhook-id ${delivery.headers['webhook-id']}`
}

/** Standard Webhooks, the receiver's side: HMAC-SHA256 over `id.timestamp.body` with the secret behind `whsec_`. */
function verifies({ headers, body }: Pick<Webhook, 'headers' | 'body'>, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const want = createHmac('sha256', key).update(signed).digest()
  return (headers['webhook-signature'] ?? '').split(' ').some(entry => {
    const got = Buffer.from(entry.replace(/^v1,/, ''), 'base64')
    return got.length === want.length && timingSafeEqual(got, want)
  })
}
