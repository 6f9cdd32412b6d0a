import { present } from '../../lib/present.ts'
import type { PolicyFile } from '../../model/policy-file.ts'
import { pageOf, where } from '../database/query.ts'
import type { Effects, Page } from '../effects.ts'
import type { PolicyEntry, PolicyReason, PolicyRecord, Refusal } from '../policies.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { writeEffects } from './effects.ts'
import { setMeta } from './meta.ts'

type HistoryRow = {
  readonly seq: number
  readonly at: number
  readonly revision: number | null
  readonly digest: string
  readonly principal: string
  readonly reason: string
  readonly git_commit: string | null
  readonly result: string
  readonly error: Uint8Array | null
}

const COLUMNS = 'seq, at, revision, digest, principal, reason, git_commit, result, error'
/** Policies whose files are kept to go back to. */
const KEPT = 20

export function recordPolicy(tx: Tx, record: PolicyRecord): void {
  const { entry, files, besideRevoked = entry.digest, refusal, effects, unproven = '' } = record
  const seq = insertEntry(tx, entry)
  if (entry.result === 'applied') {
    setMeta(tx, { name: 'policy.revision', value: String(entry.revision) })
    setMeta(tx, { name: 'policy.digest', value: entry.digest })
    setMeta(tx, { name: 'policy.unproven', value: unproven })
    tx.db.run('DELETE FROM policy_refusals WHERE digest IN (?, ?)', entry.digest, besideRevoked)
  }
  if (files !== undefined) keepFiles(tx, { digest: entry.digest, files, seq })
  if (refusal !== undefined) {
    const sql = 'INSERT OR REPLACE INTO policy_refusals (digest, because, seq) VALUES (?, ?, ?)'
    tx.db.run(sql, refusal.digest, refusal.because, seq)
  }
  writeEffects(tx, effects)
}

export function forgetRefusals(tx: Tx, { effects }: { effects: Effects }): number {
  const { changes } = tx.db.run('DELETE FROM policy_refusals')
  if (changes > 0) writeEffects(tx, effects)
  return Number(changes)
}

export function listHistory(source: Source, query: { before?: number; limit: number }): Page<PolicyEntry> {
  const { sql, values } = where([['seq < ?', query.before]])
  const select = `SELECT ${COLUMNS} FROM policy_history ${sql} ORDER BY seq DESC LIMIT ?`
  const rows = source.db.all<HistoryRow>(select, ...values, query.limit + 1)
  return pageOf(rows, query.limit, { item: row => toEntry(source, row), cursor: row => String(row.seq) })
}

export function lastEntry(
  source: Source,
  of: { result: PolicyEntry['result']; revision?: number },
): PolicyEntry | undefined {
  const { sql, values } = where([
    ['result = ?', of.result],
    ['revision = ?', of.revision],
  ])
  const select = `SELECT ${COLUMNS} FROM policy_history ${sql} ORDER BY seq DESC LIMIT 1`
  const row = source.db.get<HistoryRow>(select, ...values)
  return row === undefined ? undefined : toEntry(source, row)
}

export function filesOf({ db, vault }: Source, digest: string): readonly PolicyFile[] | undefined {
  const row = db.get<{ files: Uint8Array }>('SELECT files FROM policy_files WHERE digest = ?', digest)
  if (row === undefined) return undefined
  return JSON.parse(vault.open(filesCell(digest), row.files).toString()) as readonly PolicyFile[]
}

export function findRefusal({ db }: Source, digest: string): Refusal | undefined {
  const sql = 'SELECT because FROM policy_refusals WHERE digest = ?'
  const row = db.get<{ because: Refusal['because'] }>(sql, digest)
  return row === undefined ? undefined : { digest, because: row.because }
}

function insertEntry({ db, vault }: Tx, entry: PolicyEntry): number {
  const next = db.get<{ seq: number }>('SELECT coalesce(max(seq), 0) + 1 AS seq FROM policy_history')
  const seq = next?.seq ?? 1
  db.run(
    `INSERT INTO policy_history (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    seq,
    entry.at.getTime(),
    entry.revision ?? null,
    entry.digest,
    entry.principal,
    entry.reason,
    entry.commit ?? null,
    entry.result,
    vault.sealText('appliance', errorCell(seq), entry.error),
  )
  return seq
}

function keepFiles(
  { db, vault }: Tx,
  kept: { digest: string; files: readonly PolicyFile[]; seq: number },
): void {
  const sealed = vault.seal('appliance', filesCell(kept.digest), JSON.stringify(kept.files))
  const sql = 'INSERT OR REPLACE INTO policy_files (digest, seq, files) VALUES (?, ?, ?)'
  db.run(sql, kept.digest, kept.seq, sealed)
  const newest = 'SELECT digest FROM policy_files ORDER BY seq DESC LIMIT ?'
  db.run(`DELETE FROM policy_files WHERE digest NOT IN (${newest})`, KEPT)
}

function toEntry({ vault }: Source, row: HistoryRow): PolicyEntry {
  return {
    at: new Date(row.at),
    digest: row.digest,
    principal: row.principal,
    reason: row.reason as PolicyReason,
    result: row.result as PolicyEntry['result'],
    ...present({
      revision: row.revision ?? undefined,
      commit: row.git_commit ?? undefined,
      error: vault.openText(errorCell(row.seq), row.error),
    }),
  }
}

function errorCell(seq: number) {
  return { table: 'policy_history', row: String(seq), column: 'error' }
}

function filesCell(digest: string) {
  return { table: 'policy_files', row: digest, column: 'files' }
}
