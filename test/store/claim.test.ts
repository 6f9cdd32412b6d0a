import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Message } from '../../app/model/message.ts'
import type { Store } from '../../app/store/store.ts'
import { after, freshStore, NO_EFFECTS, outgoing, START } from './fixture.ts'

const A = '+12025550101'
const B = '+12025550102'

async function queue(store: Store, over: Partial<Message> = {}): Promise<Message> {
  const message = outgoing({ chat: A, ...over })
  await store.messages.enqueue(message, undefined, NO_EFFECTS)
  return message
}

async function claimed(
  store: Store,
  query: { accounts?: string[]; now?: Date; limit?: number } = {},
): Promise<string[]> {
  const { accounts = ['main'], now = START, limit = 10 } = query
  const free = new Map(accounts.map(name => [name, limit]))
  return (await store.messages.claim({ free, now })).map(message => message.id)
}

const sent = (store: Store, { account, messageId }: Message) =>
  store.messages.advance({ account, messageId, to: 'sent', at: START }, NO_EFFECTS)

test('a claim takes one entry a chat, the oldest, and none of a chat that is sending', async t => {
  const store = await freshStore(t)
  const a1 = await queue(store)
  const a2 = await queue(store)
  const b1 = await queue(store, { chat: B })
  assert.deepEqual(await claimed(store), [a1.id, b1.id])
  assert.deepEqual(await claimed(store), [])
  await sent(store, a1)
  assert.deepEqual(await claimed(store), [a2.id])
})

test('an entry for later holds back nothing, and joins the line of its chat when it falls due', async t => {
  const store = await freshStore(t)
  const later = await queue(store, { dueAt: after(1_000) })
  const [one, two] = [await queue(store), await queue(store)]
  assert.deepEqual(await claimed(store), [one.id])
  await sent(store, one)
  assert.deepEqual(
    await store.messages.nextDueAt(['main']),
    START,
    'the next of the line, not the one outside',
  )
  assert.deepEqual(
    await claimed(store, { now: after(1_000) }),
    [two.id],
    'it stands behind who waited before it',
  )
  const last = await queue(store)
  await sent(store, two)
  assert.deepEqual(await claimed(store, { now: after(1_000) }), [later.id], 'and before who came after it')
  await sent(store, later)
  assert.deepEqual(await claimed(store), [last.id])
})

test('nothing but the instant lets an entry for later leave, and nextDueAt names it', async t => {
  const store = await freshStore(t)
  const later = await queue(store, { dueAt: after(1_000) })
  assert.deepEqual(await claimed(store, { now: after(999) }), [])
  assert.deepEqual(await store.messages.nextDueAt(['main']), after(1_000))
  assert.deepEqual(await claimed(store, { now: after(1_000) }), [later.id])
  assert.equal(await store.messages.nextDueAt(['main']), undefined)
})

test('entries that fall due together join in the order of their instants', async t => {
  const store = await freshStore(t)
  const second = await queue(store, { dueAt: after(20) })
  const first = await queue(store, { dueAt: after(10) })
  assert.deepEqual(await claimed(store, { now: after(30) }), [first.id])
  await sent(store, first)
  assert.deepEqual(await claimed(store, { now: after(30) }), [second.id])
})

test('an entry that waits for another attempt keeps its place, and holds its chat and no other', async t => {
  const store = await freshStore(t)
  const first = await queue(store)
  const second = await queue(store)
  const other = await queue(store, { chat: B })
  assert.deepEqual(await claimed(store, { limit: 1 }), [first.id])
  await store.messages.requeue(first.id, { dueAt: after(1_000), reason: 'no ack' })
  assert.deepEqual(await claimed(store), [other.id])
  assert.deepEqual(await store.messages.nextDueAt(['main']), after(1_000))
  assert.deepEqual(await claimed(store, { now: after(1_000) }), [first.id])
  await sent(store, first)
  assert.deepEqual(await claimed(store), [second.id])
})

test('a held entry lets its chat go on, and is before younger ones once it is approved', async t => {
  const store = await freshStore(t)
  const held = await queue(store, { status: 'held' })
  const [one, two] = [await queue(store), await queue(store)]
  assert.deepEqual(await claimed(store), [one.id])
  const approve = { account: 'main', messageId: held.messageId, to: 'queued', at: START } as const
  assert.equal(await store.messages.advance(approve, NO_EFFECTS), true)
  assert.deepEqual(await claimed(store), [], 'the chat has one that is being sent')
  await sent(store, one)
  assert.deepEqual(await claimed(store), [held.id])
  await sent(store, held)
  assert.deepEqual(await claimed(store), [two.id])
})

test('an entry that leaves from the middle of a chat leaves the order of the others', async t => {
  const store = await freshStore(t)
  const [first, second, third] = [await queue(store), await queue(store), await queue(store)]
  const cancel = { account: 'main', messageId: second.messageId, to: 'cancelled', at: START } as const
  await store.messages.advance(cancel, NO_EFFECTS)
  assert.deepEqual(await claimed(store), [first.id])
  await sent(store, first)
  assert.deepEqual(await claimed(store), [third.id])
})

test('only the accounts named are claimed, and the same chat in two accounts is two chats', async t => {
  const store = await freshStore(t)
  const main = await queue(store)
  const second = await queue(store, { account: 'second' })
  assert.deepEqual(await claimed(store, { accounts: [] }), [])
  assert.equal(await store.messages.nextDueAt([]), undefined)
  assert.deepEqual(await claimed(store, { accounts: ['second', 'second'] }), [second.id])
  assert.deepEqual(await claimed(store, { accounts: ['main', 'second'] }), [main.id])
})

test('each account has its own free places, however many entries another has', async t => {
  const store = await freshStore(t)
  const campaign = []
  for (let n = 0; n < 6; n++) campaign.push(await queue(store, { chat: `+1202555010${n}` }))
  const single = await queue(store, { account: 'second' })
  const ids = await claimed(store, { accounts: ['main', 'second'], limit: 3 })
  assert.deepEqual(ids, [...campaign.slice(0, 3).map(({ id }) => id), single.id])
})

test('chats take turns: a long line does not go before a short one that waits', async t => {
  const store = await freshStore(t)
  const long = [await queue(store), await queue(store), await queue(store)]
  const short = await queue(store, { chat: B })
  const order = []
  for (let n = 0; n < 4; n++) {
    const [id = ''] = await claimed(store, { limit: 1 })
    order.push(id)
    const message = [...long, short].find(one => one.id === id)
    if (message !== undefined) await sent(store, message)
  }
  assert.deepEqual(order, [long[0]?.id, short.id, long[1]?.id, long[2]?.id])
})

test('an old entry that had to wait goes before fresh ones', async t => {
  const store = await freshStore(t)
  const old = await queue(store)
  await claimed(store)
  await store.messages.requeue(old.id, { dueAt: after(100), reason: 'no ack' })
  const fresh = await queue(store, { chat: B })
  assert.deepEqual(await claimed(store, { now: after(100), limit: 1 }), [old.id])
  assert.deepEqual(await claimed(store, { now: after(100), limit: 1 }), [fresh.id])
})

// --- against a model that anybody can check by reading

type Entry = {
  message: Message
  status: 'queued' | 'sending' | 'held' | 'gone'
  dueMs: number
  /** Its number in the line of its chat, once it is in it. */
  place?: number
}
type Step =
  | { do: 'enqueue'; account: string; chat: string; dueMs: number }
  | { do: 'claim'; accounts: string[]; nowMs: number; limit: number }
  | { do: 'sent' | 'requeue' | 'hold' | 'approve' | 'cancel'; pick: number; dueMs: number }
  | { do: 'recover' }

const account = fc.constantFrom('main', 'second')
const ms = fc.constantFrom(0, 10, 20, 30)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('enqueue' as const),
      account,
      chat: fc.constantFrom(A, B),
      dueMs: ms,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      accounts: fc.subarray(['main', 'second']),
      nowMs: ms,
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'sent' as const,
        'requeue' as const,
        'hold' as const,
        'approve' as const,
        'cancel' as const,
      ),
      pick: fc.nat(20),
      dueMs: ms,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'recover' as const }) },
)

/** What the doc comment of `claim` says, in the plainest way: the fronts of the lines that may give one. */
function heads(entries: readonly Entry[]): Entry[] {
  const chats = Map.groupBy(entries, ({ message }) => `${message.account} ${message.chat}`)
  return [...chats.values()].flatMap(chat => {
    if (chat.some(entry => entry.status === 'sending')) return []
    const line = chat.filter(entry => entry.status === 'queued' && entry.place !== undefined)
    return line.sort((a, b) => (a.place ?? 0) - (b.place ?? 0)).slice(0, 1)
  })
}

const outside = (entries: readonly Entry[]) =>
  entries.filter(({ status, place }) => status === 'queued' && place === undefined)

let places = 0

function join(entries: readonly Entry[], accounts: readonly string[], nowMs: number): void {
  const due = outside(entries).filter(
    ({ message, dueMs }) => accounts.includes(message.account) && dueMs <= nowMs,
  )
  for (const entry of due.sort((a, b) => a.dueMs - b.dueMs)) entry.place = ++places
}

async function play(store: Store, entries: Entry[], todo: Step): Promise<void> {
  if (todo.do === 'enqueue') {
    const dueAt = todo.dueMs === 0 ? {} : { dueAt: after(todo.dueMs) }
    const message = await queue(store, { account: todo.account, chat: todo.chat, ...dueAt })
    const place = todo.dueMs === 0 ? { place: ++places } : {}
    entries.push({ message, status: 'queued', dueMs: todo.dueMs, ...place })
    return
  }
  if (todo.do === 'claim') {
    join(entries, todo.accounts, todo.nowMs)
    const due = heads(entries).filter(
      ({ message, dueMs }) => todo.accounts.includes(message.account) && dueMs <= todo.nowMs,
    )
    const most = (name: string) =>
      Math.min(todo.limit, due.filter(({ message }) => message.account === name).length)
    const got = await claimed(store, { accounts: todo.accounts, now: after(todo.nowMs), limit: todo.limit })
    assert.equal(got.length, most('main') + most('second'))
    assert.deepEqual(
      got.filter(id => !due.some(({ message }) => message.id === id)),
      [],
    )
    for (const entry of entries) if (got.includes(entry.message.id)) entry.status = 'sending'
    return
  }
  if (todo.do === 'recover') {
    const sending = entries.filter(entry => entry.status === 'sending')
    assert.equal(await store.messages.recover(), sending.length)
    for (const entry of sending) entry.status = 'queued'
    return
  }
  const entry = entries[todo.pick % Math.max(entries.length, 1)]
  if (entry !== undefined) await move(store, entry, todo)
}

async function move(store: Store, entry: Entry, todo: { do: string; dueMs: number }): Promise<void> {
  const { id, messageId, account: name } = entry.message
  const advance = (to: 'sent' | 'cancelled' | 'queued') =>
    store.messages.advance({ account: name, messageId, to, at: START }, NO_EFFECTS)
  if (todo.do === 'sent' && entry.status === 'sending') {
    assert.equal(await advance('sent'), true)
    entry.status = 'gone'
  } else if (todo.do === 'requeue' && entry.status === 'sending') {
    await store.messages.requeue(id, { dueAt: after(todo.dueMs), reason: 'again' })
    entry.status = 'queued'
    entry.dueMs = todo.dueMs
  } else if (todo.do === 'hold') {
    assert.equal(
      await store.messages.hold(id, { at: START, by: 'a-rule', reason: 'look' }, NO_EFFECTS),
      entry.status === 'sending',
    )
    if (entry.status === 'sending') entry.status = 'held'
  } else if (todo.do === 'approve' && entry.status === 'held') {
    assert.equal(await advance('queued'), true)
    entry.status = 'queued'
  } else if (todo.do === 'cancel' && entry.status !== 'gone') {
    assert.equal(await advance('cancelled'), true)
    entry.status = 'gone'
  }
}

test('whatever happens to the entries, a claim takes due heads and nextDueAt names the earliest', async t => {
  const store = await freshStore(t)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async steps => {
      const entries: Entry[] = []
      for (const todo of steps) {
        await play(store, entries, todo)
        const waiting = [...heads(entries), ...outside(entries)]
        const due = waiting.map(({ dueMs }) => after(dueMs).getTime())
        const next = await store.messages.nextDueAt(['main', 'second'])
        assert.equal(next?.getTime(), due.length === 0 ? undefined : Math.min(...due))
      }
      for (const { message, status } of entries) {
        if (status === 'gone') continue
        const { account: name, messageId } = message
        await store.messages.advance({ account: name, messageId, to: 'cancelled', at: START }, NO_EFFECTS)
      }
    }),
    { numRuns: 40 },
  )
})
