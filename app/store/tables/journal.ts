import { present } from '../../lib/present.ts'
import { scopeOf } from '../crypto/vault.ts'
import type { Arrival, JournalEntry, KeyChanges } from '../journal.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { setSignalKeys } from './signal-keys.ts'

type JournalRow = {
  readonly seq: number
  readonly account: string
  readonly digest: Uint8Array
  readonly arrived_at: number
  readonly stanza: Uint8Array
  readonly plaintext: Uint8Array | null
}

const JOURNAL = 'SELECT seq, account, digest, arrived_at, stanza, plaintext FROM journal'

/** Keys change even when the arrival is known: whoever asks has read it, and goes on from there. */
export function addArrival(
  tx: Tx,
  { arrival, keys }: { arrival: Arrival; keys?: KeyChanges | undefined },
): number | undefined {
  const { account, digest, at, stanza, plaintext } = arrival
  if (keys !== undefined) setSignalKeys(tx, { account, ...keys })
  const scope = scopeOf(account)
  const { changes, rowId } = tx.db.run(
    `INSERT INTO journal (account, digest, arrived_at, stanza, plaintext) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (account, digest) DO NOTHING`,
    account,
    digest,
    at.getTime(),
    tx.vault.seal(scope, cell(arrival, 'stanza'), stanza),
    plaintext === undefined ? null : tx.vault.seal(scope, cell(arrival, 'plaintext'), plaintext),
  )
  return changes === 0 ? undefined : rowId
}

export function plaintextOf(source: Source, account: string, digest: Uint8Array): Uint8Array | undefined {
  const row = source.db.get<JournalRow>(`${JOURNAL} WHERE account = ? AND digest = ?`, account, digest)
  return row?.plaintext == null ? undefined : source.vault.open(cell(row, 'plaintext'), row.plaintext)
}

export function unfinishedEntries(source: Source, account: string): readonly JournalEntry[] {
  return source.db
    .all<JournalRow>(`${JOURNAL} WHERE account = ? AND recorded_at IS NULL ORDER BY seq`, account)
    .map(row => ({
      seq: row.seq,
      account,
      digest: row.digest,
      at: new Date(row.arrived_at),
      stanza: source.vault.open(cell(row, 'stanza'), row.stanza),
      ...present({
        plaintext:
          row.plaintext === null ? undefined : source.vault.open(cell(row, 'plaintext'), row.plaintext),
      }),
    }))
}

export function pruneJournal(tx: Tx, { before }: { before: Date }): void {
  tx.db.run('DELETE FROM journal WHERE recorded_at < ?', before.getTime())
}

/** A stanza as it came. */
export function openStanza(
  { vault }: Source,
  row: Pick<JournalRow, 'account' | 'digest' | 'stanza'>,
): Uint8Array {
  return vault.open(cell(row, 'stanza'), row.stanza)
}

function cell({ account, digest }: Pick<Arrival, 'account' | 'digest'>, column: 'stanza' | 'plaintext') {
  return { table: 'journal', row: `${account}/${Buffer.from(digest).toString('hex')}`, column }
}
