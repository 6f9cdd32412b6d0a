import type { Database } from './database.ts'

/** A file as the media host has it. */
export type StoredFile = {
  readonly bytes: Buffer
  /** SHA-256 of the bytes, base64url. */
  readonly hash: string
  /** The number, without `+`, of the account that sent it or is to get it. */
  readonly account: string
  readonly isExpired: boolean
}

/** The files of the media host: encrypted, each under as many paths as it was uploaded. */
export type Media = {
  put(path: string, file: { hash: string; bytes: Uint8Array; account: string }): void
  get(path: string): StoredFile | undefined
  /** The bytes of a file, expired or not: what the phone that sent or got it has kept. */
  bytesOf(hash: string): Buffer | undefined
  /** Makes one path, or all that there are, answer 404; gives how many. */
  expire(path?: string): number
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS media_files (hash TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS media_paths (
  path TEXT PRIMARY KEY, hash TEXT NOT NULL, account TEXT NOT NULL, expired INTEGER NOT NULL) STRICT, WITHOUT ROWID`

export function createMedia(db: Database): Media {
  db.define(SCHEMA)
  const bytesOf = (hash: string): Buffer | undefined => {
    const row = db.get('SELECT bytes FROM media_files WHERE hash = ?', hash)
    return row === undefined ? undefined : Buffer.from(row.bytes as Uint8Array)
  }
  return {
    put(path, { hash, bytes, account }) {
      db.run('INSERT OR IGNORE INTO media_files (hash, bytes) VALUES (?, ?)', hash, bytes)
      db.run(
        'INSERT OR REPLACE INTO media_paths (path, hash, account, expired) VALUES (?, ?, ?, 0)',
        ...[path, hash, account],
      )
    },
    get(path) {
      const row = db.get('SELECT hash, account, expired FROM media_paths WHERE path = ?', path)
      const bytes = row === undefined ? undefined : bytesOf(String(row.hash))
      if (row === undefined || bytes === undefined) return undefined
      return { bytes, hash: String(row.hash), account: String(row.account), isExpired: row.expired === 1 }
    },
    bytesOf,
    expire(path) {
      const one = path === undefined ? '' : ' AND path = ?'
      const values = path === undefined ? [] : [path]
      const count = Number(
        db.get(`SELECT count(*) AS n FROM media_paths WHERE expired = 0${one}`, ...values)?.n ?? 0,
      )
      db.run(`UPDATE media_paths SET expired = 1 WHERE expired = 0${one}`, ...values)
      return count
    },
    clear() {
      db.run('DELETE FROM media_paths')
      db.run('DELETE FROM media_files')
    },
  }
}
