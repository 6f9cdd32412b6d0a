import type { RigEndpoints } from '../appliance/running.ts'
import type { Entry, Ledger } from '../check/ledger.ts'
import type { Api } from './api.ts'
import { control } from './people.ts'

/** What everybody outside has seen so far. Each call reads on where the last one stopped. */
export type Witnesses = {
  /** Texts that the phones have decrypted, by the id they bear. */
  inboxes(): Promise<Ledger>
  /** Webhooks of incoming texts, by the message's id. */
  receivedByWebhook(): Promise<Ledger>
  /** All webhooks, by event. */
  webhooks(): Promise<Ledger>
  /** What of `GET /v1/events` the receiver is to be told, by event. */
  owed(): Promise<Ledger>
  /** Events of one type about our texts, by the message's id. */
  eventsOf(type: string): Promise<Ledger>
  /** Events that say of our texts that they have left: `message.sent`, or what can only follow it when a kill took the ack. */
  leftEvents(): Promise<Ledger>
}

type Receipt = {
  readonly seq: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly status: number
}
type Happened = {
  readonly id: string
  readonly type: string
  readonly data: {
    readonly chat?: string
    readonly message_id?: string
    readonly text?: { readonly body: string }
  }
}
type InboxEntry = { readonly id: string; readonly type: string; readonly text?: { readonly body: string } }

const PAGE = 200

/** Whose phones are asked, and which types of events the receiver is told of (all when undefined). */
export type Witnessed = {
  readonly numbers: readonly string[]
  readonly told?: readonly string[] | undefined
}

export function createWitnesses(endpoints: RigEndpoints, api: Api, { numbers, told }: Witnessed): Witnesses {
  const readInboxes = inboxesOf(endpoints, numbers)
  const readReceipts = receiptsOf(endpoints)
  const readEvents = eventsOf(api)
  return {
    inboxes: async () => ({ name: 'phones', entries: await readInboxes() }),
    async receivedByWebhook() {
      const received = (await readReceipts()).map(({ body }) => JSON.parse(body) as Happened)
      return { name: 'webhooks', entries: textsOf('message.received', received) }
    },
    async webhooks() {
      const entries = (await readReceipts()).map(({ headers, body }): Entry => {
        const { id } = JSON.parse(body) as Happened
        return { key: id, id: headers['webhook-id'] ?? '' }
      })
      return { name: 'receiver', entries }
    },
    async owed() {
      const happened = (await readEvents()).filter(({ type }) => told === undefined || told.includes(type))
      const entries = happened.map(({ id, data }) => ({ key: id, id, ...(data.chat && { chat: data.chat }) }))
      return { name: 'events', entries }
    },
    eventsOf: async type => ({ name: type, entries: textsOf(type, await readEvents()) }),
    async leftEvents() {
      const all = await readEvents()
      const sent = textsOf('message.sent', all)
      const known = new Set(sent.map(({ key }) => key))
      const delivered = textsOf('message.delivered', all).filter(({ key }) => !known.has(key))
      return { name: 'message.sent', entries: [...sent, ...delivered] }
    },
  }
}

function inboxesOf({ simulator }: RigEndpoints, numbers: readonly string[]): () => Promise<readonly Entry[]> {
  const seen = new Map<string, InboxEntry[]>(numbers.map(number => [number, []]))
  return async () => {
    for (const [number, entries] of seen) {
      const path = `/phones/${number}/inbox?after=${entries.length}`
      entries.push(...(await control<{ data: InboxEntry[] }>(simulator.admin, path)).data)
    }
    return [...seen].flatMap(([chat, found]) =>
      found
        .filter(({ type }) => type === 'text')
        .map(({ id, text }): Entry => ({ key: text?.body ?? `something else (${id})`, id, chat })),
    )
  }
}

function receiptsOf({ receiver }: RigEndpoints): () => Promise<readonly Receipt[]> {
  const receipts: Receipt[] = []
  return async () => {
    for (;;) {
      const answer = await fetch(`${receiver.deliveries}?after=${receipts.at(-1)?.seq ?? 0}`)
      const { data } = (await answer.json()) as { data: Receipt[] }
      receipts.push(...data)
      if (data.length === 0) return receipts
    }
  }
}

function eventsOf(api: Api): () => Promise<readonly Happened[]> {
  const happened: Happened[] = []
  return async () => {
    for (;;) {
      const last = happened.at(-1)
      const path = `/v1/events?limit=${PAGE}${last === undefined ? '' : `&after=${last.id}`}`
      const answer = await api.call(path)
      if (answer === undefined || answer.status >= 500) continue // between two lives
      if (answer.status !== 200) {
        throw new Error(`/v1/events answered ${answer.status}: ${JSON.stringify(answer.json)}`)
      }
      const { data } = answer.json as { data: Happened[] }
      happened.push(...data)
      if (data.length === 0) return happened
    }
  }
}

function textsOf(type: string, happened: readonly Happened[]): readonly Entry[] {
  return happened.flatMap(({ type: found, data: { chat, message_id, text } }) =>
    found === type && text !== undefined
      ? [{ key: text.body, id: message_id ?? '', ...(chat && { chat }) }]
      : [],
  )
}
