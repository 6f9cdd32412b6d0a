import { present } from '../../lib/present.ts'
import { scopeOf } from '../crypto/vault.ts'
import type { Attempt } from '../deliveries.ts'
import type { Source, Tx } from '../writer/transaction.ts'

/** The delivery that attempts belong to. */
type Owner = {
  readonly seq: number
  readonly id: string
  readonly event_account: string | null
  readonly attempt_count: number
}

type AttemptRow = {
  readonly n: number
  readonly at: number
  readonly status: number | null
  readonly took_ms: number
  readonly reason: Uint8Array | null
}

/** Writes an attempt down. The answer of the one before goes: 16 KiB for each of many attempts would fill a disk. */
export function addAttempt(tx: Tx, owner: Owner, attempt: Attempt): void {
  const n = owner.attempt_count + 1
  const seal = (column: string, text: string | undefined) =>
    tx.vault.sealText(scopeOf(owner.event_account), cell(owner.id, n, column), text)
  tx.db.run('UPDATE deliveries SET attempt_count = ? WHERE seq = ?', n, owner.seq)
  if (n > 1) {
    tx.db.run('UPDATE delivery_attempts SET answer = NULL WHERE delivery = ? AND n = ?', owner.seq, n - 1)
  }
  tx.db.run(
    'INSERT INTO delivery_attempts (delivery, n, at, status, took_ms, reason, answer) VALUES (?, ?, ?, ?, ?, ?, ?)',
    owner.seq,
    n,
    attempt.at.getTime(),
    attempt.status ?? null,
    Math.round(attempt.tookMs),
    seal('reason', attempt.reason),
    seal('answer', attempt.answer),
  )
}

/** Oldest first, without their answers. */
export function attemptsOf({ db, vault }: Source, owner: Owner): readonly Attempt[] {
  const sql = 'SELECT n, at, status, took_ms, reason FROM delivery_attempts WHERE delivery = ? ORDER BY n'
  return db.all<AttemptRow>(sql, owner.seq).map(({ n, at, status, took_ms, reason }) => ({
    at: new Date(at),
    tookMs: took_ms,
    ...present({
      status: status ?? undefined,
      reason: vault.legible(cell(owner.id, n, 'reason'), reason),
    }),
  }))
}

/** What the last attempt was answered. */
export function lastAnswer({ db, vault }: Source, owner: Owner): string | undefined {
  const sql = 'SELECT answer FROM delivery_attempts WHERE delivery = ? AND n = ?'
  const row = db.get<{ answer: Uint8Array | null }>(sql, owner.seq, owner.attempt_count)
  return vault.legible(cell(owner.id, owner.attempt_count, 'answer'), row?.answer ?? null)
}

function cell(id: string, n: number, column: string) {
  return { table: 'delivery_attempts', row: `${id}/${n}`, column }
}
