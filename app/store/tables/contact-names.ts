import type { Naming } from '../contacts.ts'
import type { Cell } from '../crypto/cell.ts'
import { scopeOf } from '../crypto/vault.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { namesOf } from './contact-links.ts'
import { writeEffects } from './effects.ts'

/** What a contact calls itself, under either of its names. */
export function calledOf(source: Source, contact: string): string | undefined {
  for (const hash of namesOf(source, contact)) {
    const sql = 'SELECT name FROM contact_names WHERE contact = ?'
    const row = source.db.get<{ name: Uint8Array }>(sql, hash)
    if (row !== undefined) return source.vault.openText(cell(hash), row.name)
  }
  return undefined
}

export function callContact(tx: Tx, { contact, name, effects }: Naming): void {
  if (calledOf(tx, contact) === name) return
  for (const hash of namesOf(tx, contact)) {
    tx.db.run(
      'INSERT OR REPLACE INTO contact_names (contact, name) VALUES (?, ?)',
      hash,
      tx.vault.sealText(scopeOf(undefined), cell(hash), name),
    )
  }
  writeEffects(tx, effects)
}

function cell(contact: Buffer): Cell {
  return { table: 'contact_names', row: contact.toString('hex'), column: 'name' }
}
