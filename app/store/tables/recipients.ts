import { present } from '../../lib/present.ts'
import { scopeOf } from '../crypto/vault.ts'
import type { KnownRecipient } from '../recipients.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { chatHash } from './message-row.ts'

type Row = { readonly until: number; readonly address: Uint8Array | null }

/** How many old rows one new one takes along. */
const FORGOTTEN_AT_ONCE = 10

export function getRecipient(source: Source, account: string, chat: string): KnownRecipient | undefined {
  const hash = chatHash(source, account, chat)
  const sql = 'SELECT until, address FROM recipients WHERE account = ? AND chat = ?'
  const row = source.db.get<Row>(sql, account, hash)
  if (row === undefined) return undefined
  const address = source.vault.openText(cell(account, hash), row.address)
  return { until: new Date(row.until), ...present({ address }) }
}

export function putRecipient(
  tx: Tx,
  args: { account: string; chat: string; known: KnownRecipient; now: Date },
): void {
  const { account, chat, known, now } = args
  const hash = chatHash(tx, account, chat)
  tx.db.run(
    'DELETE FROM recipients WHERE rowid IN (SELECT rowid FROM recipients WHERE until <= ? ORDER BY until LIMIT ?)',
    now.getTime(),
    FORGOTTEN_AT_ONCE,
  )
  tx.db.run(
    'INSERT OR REPLACE INTO recipients (account, chat, until, address) VALUES (?, ?, ?, ?)',
    account,
    hash,
    known.until.getTime(),
    tx.vault.sealText(scopeOf(account), cell(account, hash), known.address),
  )
}

/** Nothing is known any more of whether this contact is on WhatsApp. */
export function forgetRecipient(tx: Tx, chat: string): void {
  for (const { account } of tx.db.all<{ account: string }>('SELECT DISTINCT account FROM recipients'))
    tx.db.run('DELETE FROM recipients WHERE account = ? AND chat = ?', account, chatHash(tx, account, chat))
}

function cell(account: string, chat: Buffer) {
  return { table: 'recipients', row: `${account}/${chat.toString('hex')}`, column: 'address' }
}
