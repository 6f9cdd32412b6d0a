import type { ContactLink } from '../contacts.ts'
import type { Cell } from '../crypto/cell.ts'
import { scopeOf, type Vault } from '../crypto/vault.ts'
import type { Source, Tx } from '../writer/transaction.ts'

/** What a contact has agreed to, as it lies in the ledger. */
export type ConsentRow = {
  readonly purpose: string
  readonly granted_at: number | null
  readonly evidence: Uint8Array | null
  readonly recorded_at: number
  readonly withdrawn_at: number | null
}

/**
 * From now on both names have what was said under either: an opt-out counts for both, and of two consents to one purpose
 * the one that was changed last. What is linked so already costs a look.
 */
export function linkContact(tx: Tx, { lid, number }: ContactLink): void {
  const [hidden, known] = [contactHash(tx, lid), contactHash(tx, number)]
  if (tx.db.get('SELECT 1 FROM contact_links WHERE lid = ? AND number = ?', hidden, known) !== undefined)
    return
  tx.db.run('DELETE FROM contact_links WHERE lid = ? OR number = ?', hidden, known) // a number has changed hands
  tx.db.run(
    'INSERT INTO contact_links (lid, number, name) VALUES (?, ?, ?)',
    hidden,
    known,
    tx.vault.sealText(scopeOf(undefined), numberCell(hidden), number),
  )
  for (const [from, to] of [[hidden, known] as const, [known, hidden] as const]) {
    tx.db.run(
      'INSERT OR IGNORE INTO opt_outs (contact, at) SELECT ?, at FROM opt_outs WHERE contact = ?',
      to,
      from,
    )
    shareConsents(tx, from, to)
  }
}

/** The number of a LID, where WhatsApp has told it. */
export function numberOf(source: Source, lid: string): string | undefined {
  const hash = contactHash(source, lid)
  const row = source.db.get<{ name: Uint8Array }>('SELECT name FROM contact_links WHERE lid = ?', hash)
  return row === undefined ? undefined : source.vault.openText(numberCell(hash), row.name)
}

/** What a contact is found under in the ledger: the name that was given, and the other one where there is one. */
export function namesOf(source: Source, contact: string): readonly Buffer[] {
  const hash = contactHash(source, contact)
  const other = source.db.get<{ hash: Uint8Array }>(
    'SELECT number AS hash FROM contact_links WHERE lid = ? UNION ALL SELECT lid FROM contact_links WHERE number = ?',
    hash,
    hash,
  )
  return other === undefined ? [hash] : [hash, Buffer.from(other.hash)]
}

/** The same for every account: a contact speaks to whoever runs the appliance. */
export function contactHash({ vault }: { readonly vault: Vault }, contact: string): Buffer {
  return vault.hash('contact', contact)
}

export function evidenceCell(contact: Buffer, purpose: string): Cell {
  return { table: 'consents', row: `${contact.toString('hex')}/${purpose}`, column: 'evidence' }
}

function shareConsents({ db, vault }: Tx, from: Buffer, to: Buffer): void {
  const newer = db.all<ConsentRow>(
    `SELECT purpose, granted_at, evidence, recorded_at, withdrawn_at FROM consents AS theirs WHERE contact = ?
     AND NOT EXISTS (SELECT 1 FROM consents AS ours WHERE ours.contact = ? AND ours.purpose = theirs.purpose
       AND max(ours.recorded_at, coalesce(ours.withdrawn_at, 0)) >= max(theirs.recorded_at, coalesce(theirs.withdrawn_at, 0)))`,
    from,
    to,
  )
  for (const { purpose, granted_at, evidence, recorded_at, withdrawn_at } of newer) {
    const said = vault.openText(evidenceCell(from, purpose), evidence)
    db.run(
      `INSERT OR REPLACE INTO consents (contact, purpose, granted_at, evidence, recorded_at, withdrawn_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      to,
      purpose,
      granted_at,
      vault.sealText(scopeOf(undefined), evidenceCell(to, purpose), said),
      recorded_at,
      withdrawn_at,
    )
  }
}

function numberCell(lid: Buffer): Cell {
  return { table: 'contact_links', row: lid.toString('hex'), column: 'name' }
}
