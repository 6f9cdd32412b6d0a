import type { Database } from '../database.ts'

/**
 * What each message id was first used for, as a digest of its content. The network cannot know it; the simulated
 * phones pool what they decrypt, because an id used for a second content is the fault that loses messages silently.
 */
export type Contents = {
  /** Remembers the digest of a new id; false when the id stands for something else already. */
  claim(sender: string, id: string, digest: string): boolean
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS contents (
  sender TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (sender, id)) STRICT, WITHOUT ROWID`

const CLAIM = 'INSERT OR IGNORE INTO contents (sender, id, digest) VALUES (?, ?, ?)'

export function createContents(db: Database): Contents {
  db.define(SCHEMA)
  return {
    claim(sender, id, digest) {
      if (db.run(CLAIM, sender, id, digest) === 1) return true
      return db.get('SELECT digest FROM contents WHERE sender = ? AND id = ?', sender, id)?.digest === digest
    },
    clear: () => void db.run('DELETE FROM contents'),
  }
}
