import type { Message } from '../../model/message.ts'
import type { Effects } from '../effects.ts'
import type { EnqueueOutcome, IdempotencyKey, KeyLookup } from '../messages.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { noteTimer } from './chat-timers.ts'
import { writeEffects } from './effects.ts'
import { findKnown } from './message-list.ts'
import { insertMessage, MESSAGES, type MessageRow, toMessage } from './message-row.ts'
import { joinLine } from './outbox-line.ts'

/** How long an idempotency key is remembered. */
export const KEY_AGE_MS = 24 * 60 * 60 * 1_000

export function enqueueMessage(
  tx: Tx,
  args: { message: Message; key?: IdempotencyKey | undefined; effects: Effects; now: Date },
): EnqueueOutcome {
  const { message, key, effects, now } = args
  if (key !== undefined) {
    const known = lookUpKey(tx, key, now)
    if (known.kind !== 'unknown') return known
  }
  const { seq, chat } = insertMessage(tx, message)
  // A held entry takes its place too, and lets the others pass until it is approved.
  if (message.dueAt === undefined || message.dueAt <= now)
    joinLine(tx, { seq, account: message.account, chat })
  if (key !== undefined) rememberKey(tx, key, seq, now)
  tx.touch('outbox')
  writeEffects(tx, effects)
  return { kind: 'stored' }
}

export function receiveMessage(tx: Tx, args: { message: Message; effects: Effects }): 'stored' | 'known' {
  const { message, effects } = args
  if (findKnown(tx, message) !== undefined) return 'known'
  insertMessage(tx, message)
  noteTimer(tx, message)
  writeEffects(tx, effects)
  return 'stored'
}

/** What is older stands before: each takes the place before the first, so lists show it where it was said. */
export function importMessages(tx: Tx, { messages }: { messages: readonly Message[] }): void {
  for (const message of messages) {
    if (findKnown(tx, message) !== undefined) continue
    const first = tx.db.get<{ seq: number | null }>('SELECT min(seq) AS seq FROM messages')
    insertMessage(tx, message, (first?.seq ?? 1) - 1)
  }
}

/** Asks for a key that is younger than 24 hours. Key and digest are kept as keyed hashes, because callers put names into them. */
export function lookUpKey(source: Source, key: IdempotencyKey, now: Date): KeyLookup {
  const { db, vault } = source
  const row = db.get<{ body_digest: Uint8Array; message: number }>(
    'SELECT body_digest, message FROM idempotency_keys WHERE principal = ? AND name = ? AND created_at > ?',
    key.principal,
    vault.hash('idempotency', key.principal, key.key),
    now.getTime() - KEY_AGE_MS,
  )
  if (row === undefined) return { kind: 'unknown' }
  if (!vault.hash('body', key.bodyDigest).equals(row.body_digest)) return { kind: 'key-reused' }
  const message = db.get<MessageRow>(`${MESSAGES} WHERE seq = ?`, row.message)
  return message === undefined
    ? { kind: 'unknown' }
    : { kind: 'repeated', message: toMessage(source, message) }
}

function rememberKey({ db, vault }: Tx, key: IdempotencyKey, message: number, now: Date): void {
  db.run('DELETE FROM idempotency_keys WHERE created_at <= ?', now.getTime() - KEY_AGE_MS)
  db.run(
    'INSERT INTO idempotency_keys (principal, name, body_digest, message, created_at) VALUES (?, ?, ?, ?, ?)',
    key.principal,
    vault.hash('idempotency', key.principal, key.key),
    vault.hash('body', key.bodyDigest),
    message,
    now.getTime(),
  )
}
