import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CONTACT, callApi, callSimulator, endpointsOf, jsonOf, type TourContext } from './context.ts'
import { expect, type Step, until } from './tour.ts'

const WITHIN_MS = 30_000
const HELLO = 'Invoice 2026-117 is ready. Grüße – ça va? 🌍'
const REPLY = 'Thanks, got it 👍'

type InboxEntry = { id: string; from: string; type: string; text?: { body: string } }
type Timeline = { status: string; timeline: { status: string; at: string }[] }
type LedgerEntry = { headers: Record<string, string>; body: string }

/** Steps 4 to 6: a text out, its receipts, a reply in as a signed webhook. */
export const messageSteps: readonly Step<TourContext>[] = [
  { step: 'text sent with a client certificate, decrypted', run: sendText },
  { step: 'receipts delivered and read in the timeline', run: followReceipts },
  { step: 'reply arrives as a signed webhook', run: receiveReply },
]

async function sendText(context: TourContext): Promise<string> {
  await callSimulator(context, '/phones', { number: CONTACT, name: 'Alice' })
  const answer = await callApi(context, {
    method: 'POST',
    path: '/v1/accounts/main/messages',
    body: { to: CONTACT, type: 'text', text: { body: HELLO } },
  })
  expect(answer.status === 202, `expected 202, got ${answer.status}: ${answer.text}`)
  const { id, message_id } = jsonOf<{ id: string; message_id: string }>(answer)
  context.sent = { id, messageId: message_id }
  const entry = await until('the text in the phone’s inbox', WITHIN_MS, async () => {
    const inbox = (await callSimulator(context, `/phones/${CONTACT}/inbox`)) as { data: InboxEntry[] }
    return inbox.data.find(({ id: found }) => found === message_id)
  })
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
  const { accounts, receiver } = endpointsOf(context)
  expect(receiver !== undefined, 'the sandbox has no receiver')
  await callSimulator(context, `/phones/${CONTACT}/send`, {
    to: accounts?.main?.phone,
    type: 'text',
    text: { body: REPLY },
  })
  const delivery = await until('the webhook', WITHIN_MS, async () => {
    const answer = await fetch(receiver.deliveries)
    const ledger = (await answer.json()) as { data: LedgerEntry[] }
    return ledger.data.find(({ body }) => body.includes('"message.received"') && body.includes(REPLY))
  })
  const secret = readFileSync(receiver.secret_file, 'utf8').trim()
  expect(verifies(delivery, secret), 'the signature does not verify')
  expect(!verifies({ ...delivery, body: `${delivery.body} ` }, secret), 'a changed body verifies as well')
  return `webhook-id ${delivery.headers['webhook-id']}`
}

/** Standard Webhooks, the receiver's side: HMAC-SHA256 over `id.timestamp.body` with the secret behind `whsec_`. */
function verifies({ headers, body }: LedgerEntry, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const want = createHmac('sha256', key).update(signed).digest()
  return (headers['webhook-signature'] ?? '').split(' ').some(entry => {
    const got = Buffer.from(entry.replace(/^v1,/, ''), 'base64')
    return got.length === want.length && timingSafeEqual(got, want)
  })
}
