import { sleep } from '../../gateway/sandbox.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { type Comparison, compare, faultsOf } from './compare.ts'
import type { Ledger } from './ledger.ts'

/** One promise and where it must show. */
type Check = { readonly promised: Ledger; readonly seen: Ledger; readonly repeatsAllowed: boolean }

export type Verdict = { readonly comparisons: readonly Comparison[]; readonly faults: readonly string[] }

const ASK_EVERY_MS = 250
/** Reading and comparing hundreds of thousands of entries again and again would take from the appliance what it settles with. */
const REST_TIMES = 10
/** Longer than the longest wait that an interrupted attempt may cause: WhatsApp's ack, a retry of a webhook. */
const QUIET_MS = 30_000

/** `ordered: false` where the far side itself swaps messages. */
export type SettleOptions = { readonly ordered?: boolean }

/** Waits until every promise has been seen, or nothing has changed for half a minute, and compares all ledgers. */
export async function settle(traffic: Traffic, { ordered = true }: SettleOptions = {}): Promise<Verdict> {
  let before = ''
  let changedAt = Date.now()
  for (;;) {
    const startedAt = Date.now()
    const checks = await readAll(traffic, ordered)
    const comparisons = checks.map(({ promised, seen }) => compare(promised, seen))
    const standing = checks.map(({ seen }) => seen.entries.length).join()
    if (standing !== before) changedAt = Date.now()
    before = standing
    const isWhole = comparisons.every(({ lost }) => lost.length === 0)
    if (isWhole || Date.now() - changedAt > QUIET_MS) {
      const faults = comparisons.flatMap((comparison, at) => {
        const { repeatsAllowed } = checks[at] as Check
        return faultsOf(comparison, { repeatsAllowed })
      })
      return { comparisons, faults }
    }
    await sleep(Math.max(ASK_EVERY_MS, REST_TIMES * (Date.now() - startedAt)))
  }
}

async function readAll({ witnesses, ...promised }: Traffic, ordered: boolean): Promise<readonly Check[]> {
  const accepted = ordered ? promised.accepted : withoutOrder(promised.accepted)
  const written = ordered ? promised.written : withoutOrder(promised.written)
  const webhooks = await witnesses.webhooks() // before the events: what happens between the two is owed, and not unpromised
  const owed = await witnesses.owed()
  return [
    { promised: accepted, seen: await witnesses.inboxes(), repeatsAllowed: true },
    { promised: accepted, seen: await witnesses.eventsOf('message.queued'), repeatsAllowed: false },
    // Receipts, which stand in for acks that a kill has taken, may overtake each other.
    { promised: withoutOrder(accepted), seen: await witnesses.leftEvents(), repeatsAllowed: false },
    { promised: written, seen: await witnesses.eventsOf('message.received'), repeatsAllowed: false },
    { promised: written, seen: await witnesses.receivedByWebhook(), repeatsAllowed: true },
    { promised: owed, seen: webhooks, repeatsAllowed: true },
  ]
}

function withoutOrder({ name, entries }: Ledger): Ledger {
  return { name, entries: entries.map(({ key, id }) => ({ key, id })) }
}
