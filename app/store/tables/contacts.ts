import { present } from '../../lib/present.ts'
import type { RecordedConsent, Standing } from '../../model/consent.ts'
import type { ConsentGrant, StandingChange, Withdrawal } from '../contacts.ts'
import { scopeOf } from '../crypto/vault.ts'
import { instant } from '../database/query.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { type ConsentRow, contactHash, evidenceCell, namesOf } from './contact-links.ts'
import { writeEffects } from './effects.ts'
import { enqueueMessage } from './message-entry.ts'

export function standingOf(source: Source, contact: string): Standing {
  const hash = contactHash(source, contact)
  const optedOut = source.db.get<{ at: number }>('SELECT at FROM opt_outs WHERE contact = ?', hash)
  const rows = source.db.all<ConsentRow>(
    'SELECT purpose, granted_at, evidence, recorded_at, withdrawn_at FROM consents WHERE contact = ? ORDER BY purpose',
    hash,
  )
  return {
    ...present({ optedOutAt: instant(optedOut?.at ?? null) }),
    consents: rows.map(row => toConsent(source, hash, row)),
  }
}

/** Answers whether it changed anything; what was so already is told to nobody again. */
export function changeStanding(tx: Tx, { contact, to, at, effects, answer }: StandingChange): boolean {
  const changes = namesOf(tx, contact).map(hash =>
    to === 'opted-out'
      ? tx.db.run('INSERT OR IGNORE INTO opt_outs (contact, at) VALUES (?, ?)', hash, at.getTime())
      : tx.db.run('DELETE FROM opt_outs WHERE contact = ?', hash),
  )
  if (changes.every(({ changes }) => changes === 0)) return false
  writeEffects(tx, effects)
  if (answer !== undefined) enqueueMessage(tx, { ...answer, now: at })
  return true
}

/** Takes the place of an earlier consent to the same purpose, also of one that was withdrawn. */
export function grantConsent(tx: Tx, { contact, consent, at, effects, lift }: ConsentGrant): void {
  const { purpose, grantedAt, evidence } = consent
  for (const hash of namesOf(tx, contact)) {
    tx.db.run(
      `INSERT OR REPLACE INTO consents (contact, purpose, granted_at, evidence, recorded_at, withdrawn_at)
       VALUES (?, ?, ?, ?, ?, NULL)`,
      hash,
      purpose,
      grantedAt?.getTime() ?? null,
      tx.vault.sealText(scopeOf(undefined), evidenceCell(hash, purpose), evidence),
      at.getTime(),
    )
  }
  writeEffects(tx, effects)
  if (lift !== undefined) changeStanding(tx, lift)
}

/** To one purpose, or to all. Answers how many it ended; where there was none, nothing is written. */
export function withdrawConsents(tx: Tx, { contact, purpose, at, effects }: Withdrawal): number {
  const counts = namesOf(tx, contact).map(hash =>
    tx.db.run(
      'UPDATE consents SET withdrawn_at = ? WHERE contact = ? AND withdrawn_at IS NULL AND purpose = coalesce(?, purpose)',
      at.getTime(),
      hash,
      purpose ?? null,
    ),
  )
  const endedCount = Math.max(...counts.map(({ changes }) => changes))
  if (endedCount > 0) writeEffects(tx, effects)
  return endedCount
}

function toConsent({ vault }: Source, hash: Buffer, row: ConsentRow): RecordedConsent {
  const { purpose, granted_at, evidence, recorded_at, withdrawn_at } = row
  return {
    purpose,
    recordedAt: new Date(recorded_at),
    ...present({
      grantedAt: instant(granted_at),
      evidence: vault.openText(evidenceCell(hash, purpose), evidence),
      withdrawnAt: instant(withdrawn_at),
    }),
  }
}
