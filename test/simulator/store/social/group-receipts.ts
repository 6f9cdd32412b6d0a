import type { Database } from '../database.ts'
import type { SentStatus } from '../mail/sent.ts'

/** Which member has received or read which message of a group. */
export type GroupReceipts = {
  add(sender: string, id: string, receipt: { member: string; status: SentStatus }): void
  /** The members who have a message, or who have read it. */
  having(sender: string, id: string, status: SentStatus): readonly string[]
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS group_receipts (
  sender TEXT NOT NULL, id TEXT NOT NULL, member TEXT NOT NULL, status TEXT NOT NULL,
  PRIMARY KEY (sender, id, member, status)) STRICT, WITHOUT ROWID`

export function createGroupReceipts(db: Database): GroupReceipts {
  db.define(SCHEMA)
  return {
    add: (sender, id, { member, status }) =>
      db.run(
        'INSERT OR IGNORE INTO group_receipts (sender, id, member, status) VALUES (?, ?, ?, ?)',
        ...[sender, id, member, status],
      ),
    having: (sender, id, status) =>
      db
        .all(
          'SELECT DISTINCT member FROM group_receipts WHERE sender = ? AND id = ? AND (status = ? OR status = ?)',
          ...[sender, id, status, 'read'],
        )
        .map(row => String(row.member)),
    clear: () => db.run('DELETE FROM group_receipts'),
  }
}
