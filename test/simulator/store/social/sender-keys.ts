import type { Database } from '../database.ts'
import type { Mailbox } from '../mail/queue.ts'

/**
 * Which sender keys linked devices have used in a group, and since when: the network sees a key's id, not the key. The
 * group's epoch tells whether somebody has left since.
 */
export type SenderKeySightings = {
  /** The epoch in which this device of this group first used the key: the given one when it is new. */
  firstSeen(device: string, seen: { key: number; epoch: number }): number
  /** A refused message had keys with it, which its device believes to have handed out. */
  lose(device: string): void
  wereLost(device: string): boolean
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS sender_keys (
  device TEXT NOT NULL, key_id INTEGER NOT NULL, epoch INTEGER NOT NULL, PRIMARY KEY (device, key_id)) STRICT;
  CREATE TABLE IF NOT EXISTS lost_keys (device TEXT PRIMARY KEY) STRICT`

export function createSenderKeySightings(db: Database): SenderKeySightings {
  db.define(SCHEMA)
  return {
    firstSeen(device, { key, epoch }) {
      const row = db.get('SELECT epoch FROM sender_keys WHERE device = ? AND key_id = ?', device, key)
      if (row !== undefined) return Number(row.epoch)
      db.run('INSERT INTO sender_keys (device, key_id, epoch) VALUES (?, ?, ?)', device, key, epoch)
      return epoch
    },
    lose: device => db.run('INSERT OR IGNORE INTO lost_keys (device) VALUES (?)', device),
    wereLost: device => db.get('SELECT 1 FROM lost_keys WHERE device = ?', device) !== undefined,
    clear() {
      db.run('DELETE FROM sender_keys')
      db.run('DELETE FROM lost_keys')
    },
  }
}

/** A device in a group, as its sender keys are filed. */
export function senderKeyOwner(group: string, { number, device }: Mailbox): string {
  return `${group} ${number}:${device}`
}
