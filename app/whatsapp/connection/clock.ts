import type { Log } from '../../lib/log.ts'

/** Beyond this, messages and receipts bear times that people notice, and signed webhooks may be refused as stale. */
const WORTH_A_WORD_MS = 60_000

export type ServerClock = {
  /** WhatsApp's server has just said what time it is there. */
  told(serverTime: Date): void
  /** How far ahead WhatsApp's clock is of ours; undefined before it was told. */
  readonly aheadMs: number | undefined
}

/** Compares WhatsApp's clock with ours; warns when they part and says when they are together again. */
export function createServerClock(account: string, { log, now }: { log: Log; now: () => Date }): ServerClock {
  let aheadMs: number | undefined
  let parted = false
  return {
    told(serverTime) {
      aheadMs = serverTime.getTime() - now().getTime()
      const part = Math.abs(aheadMs) > WORTH_A_WORD_MS
      const seconds = Math.round(aheadMs / 1_000)
      if (part && !parted) log.warn('whatsapp.clock_skew', { account, ahead_seconds: seconds })
      if (!part && parted) log.info('whatsapp.clock_agrees', { account, ahead_seconds: seconds })
      parted = part
    },
    get aheadMs() {
      return aheadMs
    },
  }
}
