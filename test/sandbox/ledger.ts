import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'

/** One webhook as it came in: what a check outside the appliance compares with what was promised. */
export type Receipt = {
  readonly seq: number
  /** When its last byte had arrived. */
  readonly at: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What the receiver answered; 0 when it answered nothing. */
  readonly status: number
}

/**
 * An append-only file of receipts; a receipt is with the system before its sender gets an answer, so that it outlives this
 * process. Not the machine: a wait for the disk at each would let sixty webhooks a second through, and measure that.
 */
export type Ledger = {
  append(receipt: Omit<Receipt, 'seq'>): Receipt
  /** Oldest first. */
  after(seq: number, limit: number): readonly Receipt[]
  close(): void
}

/** Opens or creates the ledger. A last line that a kill cut short was never answered for and is dropped. */
export function openLedger(file: string): Ledger {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const receipts = whole
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Receipt)
  const descriptor = openSync(file, 'a', 0o600)
  ftruncateSync(descriptor, Buffer.byteLength(whole))

  return {
    append(receipt) {
      const kept = { seq: (receipts.at(-1)?.seq ?? 0) + 1, ...receipt }
      writeSync(descriptor, `${JSON.stringify(kept)}\n`)
      receipts.push(kept)
      return kept
    },
    after: (seq, limit) => receipts.slice(seq, seq + limit), // they are numbered from one, without gaps
    close: () => closeSync(descriptor),
  }
}
