import type { Store } from '../../../app/store/store.ts'
import { type Comparison, compare, faultsOf } from '../check/compare.ts'
import type { Entry } from '../check/ledger.ts'
import { createClock } from './clock.ts'
import { diceOf } from './dice.ts'
import type { Disk } from './disk.ts'
import { beginLife } from './life.ts'
import { createOutside, type Outside, type World } from './outside.ts'

/** What one seed came to. */
export type Run = {
  readonly comparisons: readonly Comparison[]
  /** Every invariant that is broken, in words. */
  readonly faults: readonly string[]
  readonly crashes: number
}

const MESSAGES = 6
const MOST_CRASHES = 4
const STEPS_A_LIFE = { least: 1, most: 60 }
/** Far beyond the longest run: something spins. */
const MOST_TURNS = 60_000
const LOOK_EVERY = 50
const plainImmediate = globalThis.setImmediate

/** `receiptFirst` switches the journal's promise off: the receipt leaves before anything is durable. It must be found. */
export type RunOptions = { readonly disk: Disk; readonly receiptFirst?: boolean }

/** One history of an appliance, from its seed alone: what comes when, what fails, and when it dies. */
export async function runSeed(seed: number, { disk, receiptFirst = false }: RunOptions): Promise<Run> {
  const dice = diceOf(seed)
  const clock = createClock()
  const restore = clock.install()
  const outside = createOutside(MESSAGES)
  let crashes = dice.between(0, MOST_CRASHES)
  const planned = crashes
  const { unsaid } = outside
  const world: World = {
    ...{ clock, dice, outside, receiptFirst },
    rough: () => crashes > 0 || unsaid.out.length > 0 || unsaid.in.length > 0,
  }
  const begin = () =>
    beginLife(world, disk, crashes > 0 ? dice.between(STEPS_A_LIFE.least, STEPS_A_LIFE.most) : undefined)
  try {
    let life = await begin()
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      await new Promise<void>(resolve => plainImmediate(resolve)) // everything that needs no timer happens first
      if (life.isOver()) {
        crashes = Math.max(0, crashes - 1)
        life = await begin()
      } else if (turn % LOOK_EVERY === 0 && (await isAtRest(life.store, outside))) {
        if (crashes === 0 && outside.mailbox.length === 0) break
        life.end() // it dies with nothing to do; what lacks its receipt comes again
      } else if (!clock.advance()) break
    }
    const found = await verdict(life.store, outside)
    life.end()
    return { ...found, crashes: planned }
  } finally {
    restore()
    disk.remove()
  }
}

/** Everything has been said, and nothing is under way any more. */
async function isAtRest(store: Store, { unsaid }: Outside): Promise<boolean> {
  if (unsaid.out.length + unsaid.in.length > 0) return false
  const pending = await store.deliveries.list({ status: 'pending', limit: 1 })
  if (pending.items.length > 0 || (await store.journal.unfinished('main')).length > 0) return false
  const { items } = await store.messages.list({ account: 'main', direction: 'out', limit: 200 })
  return items.every(({ status }) => status === 'sent')
}

async function verdict(store: Store, outside: Outside): Promise<Omit<Run, 'crashes'>> {
  const { items } = await store.events.list({ limit: 1_000 })
  const events = items.map(
    ({ id, chat }): Entry => ({ key: id, id, ...(chat === undefined ? {} : { chat }) }),
  )
  const told = (type: string) =>
    items.flatMap(({ type: found, data }): Entry[] => {
      const { text, message_id, chat } = data as { text?: { body: string }; message_id: string; chat: string }
      return found === type && text !== undefined ? [{ key: text.body, id: message_id, chat }] : []
    })
  const check = (promised: readonly Entry[], seen: readonly Entry[], names: readonly [string, string]) =>
    compare({ name: names[0], entries: promised }, { name: names[1], entries: seen })
  const once = [
    check(outside.accepted, told('message.queued'), ['accepted', 'message.queued']),
    check(outside.accepted, told('message.sent'), ['accepted', 'message.sent']),
    check(outside.written, told('message.received'), ['written', 'message.received']),
  ]
  const atLeastOnce = [
    check(outside.accepted, outside.phones, ['accepted', 'phones']),
    check(outside.written, outside.received, ['written', 'webhooks']),
    check(events, outside.webhooks, ['events', 'receiver']),
  ]
  const faults = [
    ...once.flatMap(found => faultsOf(found, { repeatsAllowed: false })),
    ...atLeastOnce.flatMap(found => faultsOf(found, { repeatsAllowed: true })),
    ...items.flatMap(({ sequence }, at) =>
      sequence === at + 1 ? [] : [`event ${at + 1} has the number ${sequence}`],
    ),
  ]
  if (outside.accepted.length < MESSAGES) faults.push(`${outside.accepted.length} of ${MESSAGES} accepted`)
  if (outside.written.length < MESSAGES) faults.push(`${outside.written.length} of ${MESSAGES} written`)
  return { comparisons: [...once, ...atLeastOnce], faults }
}
