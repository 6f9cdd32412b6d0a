import { present } from '../../lib/present.ts'
import type { AuditDraft, AuditEntry } from '../../model/audit.ts'
import type { JsonObject } from '../../model/event.ts'
import { withoutPersonal } from '../crypto/personal.ts'
import { pageOf, where } from '../database/query.ts'
import type { Page } from '../effects.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { canonicalJson, FIRST_PREV, hashOf } from './audit-chain.ts'

type AuditRow = {
  readonly seq: number
  readonly at: number
  readonly principal: string
  readonly credential: string | null
  readonly ip: string | null
  readonly action: string
  readonly target: string | null
  readonly decision: string
  readonly detail: string | null
  readonly prev: string
  readonly hash: string
}

const COLUMNS = 'seq, at, principal, credential, ip, action, target, decision, detail, prev, hash'
/** Characters of a keyed hash that stand for a number: 128 bits. */
const PERSONAL_DIGITS = 32
const VERIFY_AT_ONCE = 500

/** Links entries to the end of the chain. Numbers, JIDs and addresses in `target` and `detail` become keyed hashes first. */
export function appendAudit(tx: Tx, drafts: readonly AuditDraft[]): void {
  if (drafts.length === 0) return
  const { db } = tx
  let head = db.get<{ seq: number; hash: string }>('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1')
  for (const draft of drafts) {
    const entry = { ...fitForStorage(tx, draft), seq: (head?.seq ?? 0) + 1, prev: head?.hash ?? FIRST_PREV }
    const hash = hashOf(entry)
    db.run(
      `INSERT INTO audit (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      entry.seq,
      entry.at.getTime(),
      entry.principal,
      entry.credential ?? null,
      entry.ip ?? null,
      entry.action,
      entry.target ?? null,
      entry.decision,
      entry.detail === undefined ? null : canonicalJson(entry.detail),
      entry.prev,
      hash,
    )
    head = { seq: entry.seq, hash }
  }
}

export function listAudit(
  { db }: Source,
  query: { after?: number; principal?: string; action?: string; limit: number },
): Page<AuditEntry> {
  const { sql, values } = where([
    ['seq > ?', query.after],
    ['principal = ?', query.principal],
    ['action = ?', query.action],
  ])
  const rows = db.all<AuditRow>(
    `SELECT ${COLUMNS} FROM audit ${sql} ORDER BY seq LIMIT ?`,
    ...values,
    query.limit + 1,
  )
  return pageOf(rows, query.limit, { item: toEntry, cursor: row => String(row.seq) })
}

/**
 * One stretch of the walk along the chain, from after `walked` on; undefined at its end. A bare chain cannot tell that its
 * newest entries were cut off, nor that all of it was written anew.
 */
export function verifyStretch(
  { db }: Source,
  walked: { readonly seq: number; readonly hash: string },
): { seq: number; hash: string; brokenAt?: number } | undefined {
  const rows = db.all<AuditRow>(
    `SELECT ${COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`,
    walked.seq,
    VERIFY_AT_ONCE,
  )
  if (rows.length === 0) return undefined
  let { seq, hash } = walked
  for (const row of rows) {
    if (row.seq !== seq + 1 || row.prev !== hash || recomputed(row) !== row.hash)
      return { seq, hash, brokenAt: row.seq }
    seq = row.seq
    hash = row.hash
  }
  return { seq, hash }
}

export function countAudit({ db }: Source): number {
  return db.get<{ n: number }>('SELECT count(*) AS n FROM audit')?.n ?? 0
}

function recomputed(row: AuditRow): string | undefined {
  try {
    return hashOf(toEntry(row))
  } catch {
    return undefined // the detail is no JSON any more
  }
}

function toEntry(row: AuditRow): AuditEntry {
  return {
    seq: row.seq,
    at: new Date(row.at),
    principal: row.principal,
    action: row.action,
    decision: row.decision as AuditEntry['decision'],
    prev: row.prev,
    hash: row.hash,
    ...present({
      credential: row.credential ?? undefined,
      ip: row.ip ?? undefined,
      target: row.target ?? undefined,
      detail: row.detail === null ? undefined : (JSON.parse(row.detail) as JsonObject),
    }),
  }
}

/** The draft as it is stored. A lone surrogate, which hostile input may hold, would not come back from the database as it was hashed. */
function fitForStorage({ vault }: Source, draft: AuditDraft): AuditDraft {
  const hash = (text: string) => vault.hash('personal', text).toString('hex').slice(0, PERSONAL_DIGITS)
  const { at, principal, credential, ip, action, target, decision, detail } = draft
  return {
    at,
    principal: principal.toWellFormed(),
    action: action.toWellFormed(),
    decision,
    ...present({
      credential: credential?.toWellFormed(),
      ip: ip?.toWellFormed(),
      target: target && (withoutPersonal(target.toWellFormed(), hash) as string),
      detail: detail && (withoutPersonal(detail, hash) as JsonObject),
    }),
  }
}
