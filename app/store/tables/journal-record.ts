import { isUnread, type Message } from '../../model/message.ts'
import type { InboundChange, ParticipantReceipt, Recording } from '../journal.ts'
import type { Tx } from '../writer/transaction.ts'
import { changeStanding } from './contacts.ts'
import { writeEffects } from './effects.ts'
import { expectMedia } from './media.ts'
import { receiveMessage } from './message-entry.ts'
import { findById, findKnown, findOwn } from './message-list.ts'
import { putParticipantReceipt } from './message-receipts.ts'
import { replaceContent, toMessage } from './message-row.ts'
import { advanceMessage } from './message-status.ts'
import { putVote } from './poll-votes.ts'

/** Finishes an entry and makes its changes, once: an entry that is finished, or a subject that was recorded, changes nothing. */
export function recordArrival(tx: Tx, recording: Recording): readonly boolean[] {
  const { account, seq, changes, chain } = recording
  if (chain !== undefined) tx.undo(tx.chains.link(chain))
  const open = tx.db.get(
    'SELECT 1 FROM journal WHERE seq = ? AND account = ? AND recorded_at IS NULL',
    seq,
    account,
  )
  if (open === undefined) return []
  const subject =
    recording.subject === undefined ? null : tx.vault.hash('subject', account, recording.subject)
  const known =
    subject !== null &&
    tx.db.get('SELECT 1 FROM journal WHERE account = ? AND subject = ?', account, subject) !== undefined
  finish(tx, recording, subject)
  return known ? [] : changes.map(change => apply(tx, account, change))
}

function finish({ db }: Tx, { seq, kept, at }: Recording, subject: Uint8Array | null): void {
  if (!kept) db.run('DELETE FROM journal WHERE seq = ?', seq)
  else db.run('UPDATE journal SET recorded_at = ?, subject = ? WHERE seq = ?', at.getTime(), subject, seq)
}

function apply(tx: Tx, account: string, change: InboundChange): boolean {
  const { effects } = change
  switch (change.kind) {
    case 'message': {
      const stored = receiveMessage(tx, { message: change.message, effects }) === 'stored'
      const changed = stored || told(tx, change, completed(tx, change.message))
      if (changed && change.standing !== undefined) changeStanding(tx, change.standing)
      return changed
    }
    case 'status':
      return advanceMessage(tx, { change: change.change, effects })
    case 'participant':
      return told(tx, change, receiptOf(tx, account, change.receipt))
    case 'vote': {
      const row = findById(tx, change.id)
      return told(tx, change, row !== undefined && putVote(tx, row, change.vote))
    }
    case 'content': {
      const row = change.id === undefined ? undefined : findById(tx, change.id)
      if (row !== undefined) replaceContent(tx, row, change.content)
      return told(tx, change, true)
    }
    case 'event':
      return told(tx, change, true)
  }
}

/** The content of a message that could not be read before takes the place of what stood for it. */
function completed(tx: Tx, message: Message): boolean {
  const row = findKnown(tx, message)
  if (row === undefined || isUnread(message) || !isUnread(toMessage(tx, row))) return false
  replaceContent(tx, row, message.content)
  expectMedia(tx, message)
  return true
}

function told(tx: Tx, { effects }: InboundChange, changed: boolean): boolean {
  if (changed) writeEffects(tx, effects)
  return changed
}

function receiptOf(tx: Tx, account: string, receipt: ParticipantReceipt): boolean {
  const row = findOwn(tx, account, receipt.messageId)
  return row !== undefined && putParticipantReceipt(tx, row, receipt)
}
