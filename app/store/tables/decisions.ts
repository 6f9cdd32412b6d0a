import { newId } from '../../lib/ids.ts'
import type { DecisionRecord } from '../../model/decision.ts'
import { scopeOf } from '../crypto/vault.ts'
import { pageOf } from '../database/query.ts'
import type { Page } from '../effects.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { chatHash } from './message-row.ts'

export type DecisionRow = { readonly id: string; readonly body: Uint8Array }

/** How many go in one stretch of a sweep. */
const REMOVED_AT_ONCE = 500
const NO_NOISE = new Uint8Array(16)

/** Accounts in requests are whatever somebody wrote, so that none of them may bring a data key of its own. */
const SCOPE = scopeOf(undefined)

export function insertDecisions(tx: Tx, records: readonly DecisionRecord[]): void {
  for (const record of records) {
    const { id, request } = record
    const { account, to } = request
    tx.db.run(
      'INSERT INTO decisions (id, recipient, body) VALUES (?, ?, ?)',
      id,
      account === undefined || to === undefined ? null : chatHash(tx, account, to),
      tx.vault.seal(SCOPE, cell(id), JSON.stringify(record)),
    )
  }
}

export function findDecision(source: Source, id: string): DecisionRecord | undefined {
  const row = source.db.get<DecisionRow>('SELECT id, body FROM decisions WHERE id = ?', id)
  return row === undefined ? undefined : toRecord(source, row)
}

/** Oldest first; their ids begin with their instants. */
export function listDecisions(
  source: Source,
  query: { since: Date; after?: string; limit: number },
): Page<DecisionRecord> {
  const rows = source.db.all<DecisionRow>(
    'SELECT id, body FROM decisions WHERE id > ? ORDER BY id LIMIT ?',
    query.after ?? firstIdAt(query.since),
    query.limit + 1,
  )
  return pageOf(rows, query.limit, { item: row => toRecord(source, row), cursor: row => row.id })
}

/** Answers how many went, and whether there may be more. */
export function removeDecisions({ db }: Tx, before: Date): { removed: number; more: boolean } {
  const { changes } = db.run(
    'DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE id < ? ORDER BY id LIMIT ?)',
    firstIdAt(before),
    REMOVED_AT_ONCE,
  )
  return { removed: Number(changes), more: Number(changes) === REMOVED_AT_ONCE }
}

function firstIdAt(at: Date): string {
  return newId('dec', at, () => NO_NOISE)
}

export function toRecord({ vault }: Source, { id, body }: DecisionRow): DecisionRecord {
  const record = JSON.parse(vault.open(cell(id), body).toString()) as DecisionRecord
  const { at, lastInboundAt } = record.request
  const wrote =
    lastInboundAt === undefined || lastInboundAt === 'never' ? {} : { lastInboundAt: new Date(lastInboundAt) }
  return { ...record, request: { ...record.request, ...wrote, at: new Date(at) } }
}

function cell(id: string) {
  return { table: 'decisions', row: id, column: 'body' }
}
