import { CONTACT, callApi, callSimulator, endpointsOf, jsonOf, type TourContext } from './context.ts'
import { expect, until } from './tour.ts'

const WITHIN_MS = 30_000

export type Accepted = { readonly id: string; readonly message_id: string }
/** A message as the simulated phone decrypted it. */
export type InboxEntry = {
  readonly id: string
  readonly from: string
  readonly type: string
  readonly text?: { readonly body: string }
}
/** A webhook as the receiver got it, and what it answered. */
export type Webhook = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sends a message as the demo client; throws unless it is taken. */
export async function send(context: TourContext, message: object): Promise<Accepted> {
  const body = { to: CONTACT, ...message }
  const answer = await callApi(context, { method: 'POST', path: '/v1/accounts/main/messages', body })
  expect(answer.status === 202, `expected 202, got ${answer.status}: ${answer.text}`)
  return jsonOf(answer)
}

/** The message of this id, once the phone of this number has decrypted it. */
export function decrypted(context: TourContext, number: string, messageId: string): Promise<InboxEntry> {
  return until(`the message in the inbox of ${number}`, WITHIN_MS, async () => {
    const inbox = (await callSimulator(context, `/phones/${number}/inbox`)) as { data: InboxEntry[] }
    return inbox.data.find(({ id }) => id === messageId)
  })
}

/** What a phone sends to the account. Answers the message's id. */
export async function writeToUs(context: TourContext, from: string, message: object): Promise<string> {
  const to = endpointsOf(context).accounts?.main?.phone
  const sent = await callSimulator(context, `/phones/${from}/send`, { to, ...message })
  return (sent as { id: string }).id
}

/** The webhook about a message that came in and has this text in it. */
export function webhookOf(context: TourContext, text: string): Promise<Webhook> {
  return until('the webhook', WITHIN_MS, async () =>
    (await webhooksWith(context, text)).find(({ body }) => body.includes('"message.received"')),
  )
}

export async function webhooksWith(context: TourContext, text: string): Promise<readonly Webhook[]> {
  const answer = await fetch(receiverUrl(context, '/deliveries'))
  const { data } = (await answer.json()) as { data: readonly Webhook[] }
  return data.filter(({ body }) => body.includes(text))
}

export function receiverUrl(context: TourContext, path: string): URL {
  const { receiver } = endpointsOf(context)
  expect(receiver !== undefined, 'the sandbox has no receiver')
  return new URL(path, receiver.deliveries)
}
