import { reasonOf } from '../../lib/error.ts'
import { present } from '../../lib/present.ts'
import { scopeOf } from '../crypto/vault.ts'
import { unlessDamaged } from '../database/failures.ts'
import type { Arrival, JournalEntry, KeyChanges, UnreadableEntry } from '../journal.ts'
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

/** One that is damaged must not keep the others, and with them the account, from being taken up. */
export function unfinishedEntries(
  source: Source,
  account: string,
): readonly (JournalEntry | UnreadableEntry)[] {
  return source.db
    .all<JournalRow>(`${JOURNAL} WHERE account = ? AND recorded_at IS NULL ORDER BY seq`, account)
    .map(row =>
      unlessDamaged<JournalEntry, UnreadableEntry>(
        () => toEntry(source, row),
        damage => ({ seq: row.seq, unreadable: reasonOf(damage) }),
      ),
    )
}

function toEntry(source: Source, row: JournalRow): JournalEntry {
  const { seq, account, digest, arrived_at, plaintext } = row
  const open = (sealed: Uint8Array) => source.vault.open(cell(row, 'plaintext'), sealed)
  return {
    ...{ seq, account, digest, at: new Date(arrived_at), stanza: openStanza(source, row) },
    ...present({ plaintext: plaintext === null ? undefined : open(plaintext) }),
  }
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
