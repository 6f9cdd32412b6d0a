import { advances, type MessageReceipt } from '../../model/message.ts'
import { scopeOf } from '../crypto/vault.ts'
import type { ParticipantReceipt } from '../journal.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import type { MessageRow } from './message-row.ts'

type ReceiptRow = {
  readonly participant: Uint8Array
  readonly name: Uint8Array
  readonly status: MessageReceipt['status']
  readonly at: number
}

const RECEIPTS = 'SELECT participant, name, status, at FROM message_receipts'

/** False when this participant was known to be that far already. */
export function putParticipantReceipt(tx: Tx, row: MessageRow, receipt: ParticipantReceipt): boolean {
  const { participant, status, at } = receipt
  const hash = tx.vault.hash('participant', row.account, participant)
  const known = tx.db.get<ReceiptRow>(`${RECEIPTS} WHERE message = ? AND participant = ?`, row.seq, hash)
  if (known !== undefined && !advances(known.status, status)) return false
  tx.db.run(
    'INSERT OR REPLACE INTO message_receipts (message, participant, name, status, at) VALUES (?, ?, ?, ?, ?)',
    row.seq,
    hash,
    tx.vault.seal(scopeOf(row.account), cell(row, hash), participant),
    status,
    at.getTime(),
  )
  return true
}

/** Who of a group has a message, the earliest first. */
export function receiptsOf({ db, vault }: Source, row: MessageRow): readonly MessageReceipt[] {
  return db.all<ReceiptRow>(`${RECEIPTS} WHERE message = ? ORDER BY at`, row.seq).map(receipt => ({
    participant: vault.open(cell(row, receipt.participant), receipt.name).toString(),
    status: receipt.status,
    at: new Date(receipt.at),
  }))
}

function cell(row: MessageRow, participant: Uint8Array) {
  const name = `${row.id}/${Buffer.from(participant).toString('hex')}`
  return { table: 'message_receipts', row: name, column: 'name' }
}
