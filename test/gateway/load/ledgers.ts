import type { Sandbox } from '../sandbox.ts'

/** One message, as one of the sides tells of it. `chat` is the account's name and the number of the person, without `+`. */
export type Line = { readonly chat: string; readonly id: string; readonly text: string }

/** What one side has in its books: texts by message id, and the ids of each chat in their order. */
export type Book = {
  readonly texts: ReadonlyMap<string, string>
  readonly chats: ReadonlyMap<string, readonly string[]>
}

/** A repeated line counts once: what is owed at least once may come twice. */
export function bookOf(lines: Iterable<Line>): Book {
  const texts = new Map<string, string>()
  const chats = new Map<string, string[]>()
  for (const { chat, id, text } of lines) {
    if (texts.has(id)) continue
    texts.set(id, text)
    const ids = chats.get(chat) ?? []
    chats.set(chat, ids)
    ids.push(id)
  }
  return { texts, chats }
}

type Entry = {
  readonly seq: number
  readonly phone: string
  readonly event: 'sent' | 'copied' | 'seen'
  readonly id: string
  readonly chat: string
  readonly text?: string
}

/** The simulator's ledger: what people sent to the accounts, what they saw of them, what the accounts' own phones saw. */
export type PhonesLedger = { readonly sent: Book; readonly seen: Book; readonly copied: Book }

/** `accounts`: names by number, with `+`. */
export async function readPhones(
  sandbox: Sandbox,
  accounts: ReadonlyMap<string, string>,
): Promise<PhonesLedger> {
  const entries: Entry[] = []
  for (let after: number | null = 0; after !== null; ) {
    const page = (await sandbox.simulator(`/ledger?limit=10000&after=${after}`)) as {
      data: Entry[]
      next: number | null
    }
    entries.push(...page.data)
    after = page.next
  }
  // The accounts' own phones tell what was copied to them; what people wrote to the accounts is no news from there.
  const book = (event: Entry['event']) =>
    bookOf(
      entries
        .filter(entry => entry.event === event && (event === 'copied') === accounts.has(entry.phone))
        .map(({ phone, chat, id, text = '' }) => {
          const [account, person] = event === 'copied' ? [phone, chat] : [chat, phone]
          return { chat: chatOf(accounts.get(account) ?? account, person), id, text }
        }),
    )
  return { sent: book('sent'), seen: book('seen'), copied: book('copied') }
}

type Received = {
  readonly type: string
  readonly account: string
  readonly data: {
    readonly message_id: string
    readonly from: string
    readonly text?: { readonly body: string }
  }
}

/** What the app says that it has received, by its event log. */
export async function readEvents(sandbox: Sandbox): Promise<Book> {
  const lines: Line[] = []
  for (let after = ''; ; ) {
    const path = `/v1/events?types=message.received&limit=200${after === '' ? '' : `&after=${after}`}`
    const page = JSON.parse((await sandbox.api({ path })).text) as { data: Received[]; next: string | null }
    lines.push(...page.data.map(lineOf))
    if (page.data.length === 0 || page.next === null) return bookOf(lines)
    after = page.next
  }
}

/** What the webhook receiver was told that the app has received. */
export async function readWebhooks(sandbox: Sandbox): Promise<Book> {
  const lines: Line[] = []
  const { deliveries } = sandbox.endpoints().receiver
  for (let after: string | null = '0'; after !== null; ) {
    const answer = await fetch(`${deliveries}?after=${after}`)
    const page = (await answer.json()) as { data: { body: string }[]; next: string | null }
    const events = page.data.map(({ body }) => JSON.parse(body) as Received)
    lines.push(...events.filter(({ type }) => type === 'message.received').map(lineOf))
    after = page.next
  }
  return bookOf(lines)
}

function lineOf({ account, data }: Received): Line {
  return { chat: chatOf(account, data.from), id: data.message_id, text: data.text?.body ?? '' }
}

export function chatOf(account: string, person: string): string {
  return `${account} with ${person.replace(/^\+/, '')}`
}

/** How two books differ; empty when they are equal. `order`: chats whose messages stand in another order. */
export function differences(one: Book, other: Book): Record<string, readonly string[]> {
  const lost = [...one.texts.keys()].filter(id => !other.texts.has(id))
  const extra = [...other.texts.keys()].filter(id => !one.texts.has(id))
  const changed = [...one.texts]
    .filter(([id, text]) => (other.texts.get(id) ?? text) !== text)
    .map(([id]) => id)
  const order = [...one.chats]
    .filter(([chat, ids]) => String(ids) !== String(other.chats.get(chat)))
    .map(([chat]) => chat)
  const found = { lost, extra, changed, order: lost.length + extra.length > 0 ? [] : order }
  return Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0))
}
