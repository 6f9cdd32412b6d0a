import type { Message } from '../model/message.ts'
import { type WarmUpDay, warmUpDay } from '../policy/pacing.ts'
import type { PolicyInForce, WarmUp } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'

export type PaceDeps = {
  readonly store: Store
  readonly policy: () => PolicyInForce
  readonly now: () => Date
  /** Gives [0, 1). */
  readonly random: () => number
}

/** How fast each account may send, as the policy's `pacing` has it. What it does not let go yet stays in the queue. */
export type Pace = {
  /** How many of these places the account may fill now. */
  room(account: string, places: number): Promise<number>
  /** An entry has been claimed. Answers the way to say that it was not sent after all. */
  leaves(entry: Message): () => void
  /** Milliseconds until the account has room again, as far as it is known; 0 when nothing keeps it. */
  restsMs(account: string): number
}

type Day = WarmUpDay & { sent: number }

export function createPace({ store, policy, now, random }: PaceDeps): Pace {
  const readyAt = new Map<string, number>()
  /** The end of a day of the warm-up that was full when the account was last looked at. */
  const fullUntil = new Map<string, number>()
  const days = new Map<string, Day>()

  async function room(account: string, places: number): Promise<number> {
    const pacing = policy().snapshot.pacing.get(account)
    fullUntil.delete(account) // another policy, or a message that did not leave, may have made room
    if (pacing === undefined) readyAt.delete(account)
    if (pacing === undefined || places === 0) return places
    if (pacing.jitter === undefined) readyAt.delete(account)
    else if (restsMs(account) > 0) return 0
    const most = pacing.jitter === undefined ? places : 1
    if (pacing.warmUp === undefined) return most
    const day = await today(account, pacing.warmUp)
    if (day === undefined || day.sent < day.allowance)
      return Math.min(most, day === undefined ? most : day.allowance - day.sent)
    fullUntil.set(account, day.until.getTime())
    return 0
  }

  function leaves(entry: Message): () => void {
    const { account } = entry
    const jitter = policy().snapshot.pacing.get(account)?.jitter
    if (jitter !== undefined) {
      readyAt.set(account, now().getTime() + jitter.minMs + random() * (jitter.maxMs - jitter.minMs))
    }
    const day = days.get(account)
    if (day === undefined || isRepeat(entry, day)) return () => {}
    day.sent += 1
    return () => {
      day.sent -= 1
    }
  }

  function restsMs(account: string): number {
    const until = Math.max(readyAt.get(account) ?? 0, fullUntil.get(account) ?? 0)
    return Math.max(0, until - now().getTime())
  }

  /** The store is asked once for each day and start: it knows what went before. */
  async function today(account: string, warmUp: WarmUp): Promise<Day | undefined> {
    const linkedAt = await store.accounts.linkedAt(account)
    if (linkedAt === undefined) return undefined
    const day = warmUpDay(warmUp, linkedAt, now())
    const kept = days.get(account)
    const isSame = kept?.since.getTime() === day.since.getTime()
    const sent = isSame ? kept.sent : await store.messages.triedSince(account, day.since)
    if (kept?.allowance === day.allowance && isSame) return kept
    const found = { ...day, sent }
    days.set(account, found)
    return found
  }

  return { room, leaves, restsMs }
}

/** Another attempt at what was tried on the same day already: the same message. */
function isRepeat({ attemptCount, timeline }: Message, { since }: Day): boolean {
  const tries = timeline.filter(({ status, at }) => status === 'sending' && at >= since)
  return attemptCount > 1 && tries.length > 1
}
