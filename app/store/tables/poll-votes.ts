import type { PollVote } from '../../model/content/poll.ts'
import { scopeOf } from '../crypto/vault.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import type { MessageRow } from './message-row.ts'

type VoteRow = { readonly voter: Uint8Array; readonly body: Uint8Array; readonly at: number }
type VoteBody = Pick<PollVote, 'voter' | 'options'>

const VOTES = 'SELECT voter, body, at FROM poll_votes'

/** False when this person is known to have voted later. */
export function putVote(tx: Tx, row: MessageRow, { voter, options, at }: PollVote): boolean {
  const hash = tx.vault.hash('participant', row.account, voter)
  const known = tx.db.get<VoteRow>(`${VOTES} WHERE message = ? AND voter = ?`, row.seq, hash)
  if (known !== undefined && known.at > at.getTime()) return false
  const body: VoteBody = { voter, options }
  tx.db.run(
    'INSERT OR REPLACE INTO poll_votes (message, voter, body, at) VALUES (?, ?, ?, ?)',
    row.seq,
    hash,
    tx.vault.seal(scopeOf(row.account), cell(row, hash), JSON.stringify(body)),
    at.getTime(),
  )
  return true
}

/** The votes in a poll, the earliest first. */
export function votesOf({ db, vault }: Source, row: MessageRow): readonly PollVote[] {
  return db.all<VoteRow>(`${VOTES} WHERE message = ? ORDER BY at`, row.seq).map(({ voter, body, at }) => ({
    ...(JSON.parse(vault.open(cell(row, voter), body).toString()) as VoteBody),
    at: new Date(at),
  }))
}

/** What was asked is gone, and with it what was answered. */
export function forgetVotes({ db }: Tx, { seq }: MessageRow): void {
  db.run('DELETE FROM poll_votes WHERE message = ?', seq)
}

function cell(row: MessageRow, voter: Uint8Array) {
  const name = `${row.id}/${Buffer.from(voter).toString('hex')}`
  return { table: 'poll_votes', row: name, column: 'body' }
}
