import type { Cell } from '../crypto/cell.ts'
import { unlessDamaged } from '../database/failures.ts'
import type { SignalKeyChange } from '../signal-keys.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { linkContact } from './contact-links.ts'

export function getSignalKeys(
  { db, vault }: Source,
  account: string,
  type: string,
  ids: readonly string[],
): ReadonlyMap<string, Uint8Array | null> {
  const found = new Map<string, Uint8Array | null>()
  for (const id of ids) {
    const name = vault.hash('signal-key', account, type, id)
    const row = db.get<{ value: Uint8Array }>(
      'SELECT value FROM signal_keys WHERE account = ? AND name = ?',
      account,
      name,
    )
    if (row === undefined) continue
    const value = unlessDamaged(
      () => vault.open(cell(account, name), row.value),
      () => null,
    )
    found.set(id, value)
  }
  return found
}

export function setSignalKeys(
  tx: Tx,
  args: { account: string; changes: readonly SignalKeyChange[]; chain?: string | undefined },
): void {
  const { account, chain } = args
  if (chain !== undefined) tx.undo(tx.chains.link(chain))
  for (const { type, id, value, link } of args.changes) {
    if (link !== undefined) linkContact(tx, link)
    const name = tx.vault.hash('signal-key', account, type, id)
    if (value === null) {
      tx.db.run('DELETE FROM signal_keys WHERE account = ? AND name = ?', account, name)
    } else {
      const sealed = tx.vault.seal(`device:${account}`, cell(account, name), value)
      tx.db.run(
        'INSERT OR REPLACE INTO signal_keys (account, name, value) VALUES (?, ?, ?)',
        account,
        name,
        sealed,
      )
    }
  }
}

export function clearSignalKeys(tx: Tx, { account }: { account: string }): void {
  tx.db.run('DELETE FROM signal_keys WHERE account = ?', account)
}

function cell(account: string, name: Buffer): Cell {
  return { table: 'signal_keys', row: `${account}/${name.toString('hex')}`, column: 'value' }
}
