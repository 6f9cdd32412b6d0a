import { PosternError } from '../../lib/error.ts'
import type { StoredFile } from '../../model/media.ts'
import { scopeOf } from '../crypto/vault.ts'
import type { NewFile } from '../media.ts'
import type { Source, Tx } from '../writer/transaction.ts'

type FileRow = { readonly name: string; readonly size: number; readonly key: Uint8Array }

/** `known`: the account has this content already, in a file that stays; the new one is not needed. */
export function keepFile(
  tx: Tx,
  account: string,
  { name, size, key, sha256 }: NewFile,
): { readonly seq: number; readonly outcome: 'kept' | 'known' } {
  const digest = tx.vault.hash('media', account, sha256)
  const known = tx.db.get<{ seq: number }>(
    'SELECT seq FROM media_files WHERE account = ? AND digest = ?',
    account,
    digest,
  )
  if (known !== undefined) return { seq: known.seq, outcome: 'known' }
  const sealed = tx.vault.seal(scopeOf(account), keyCell(name), key)
  const { rowId: seq } = tx.db.run(
    'INSERT INTO media_files (account, digest, name, size, key) VALUES (?, ?, ?, ?, ?)',
    ...[account, digest, name, size, sealed],
  )
  return { seq, outcome: 'kept' }
}

export function fileOf({ db, vault }: Source, seq: number): StoredFile {
  const row = db.get<FileRow>('SELECT name, size, key FROM media_files WHERE seq = ?', seq)
  if (row === undefined) throw new PosternError('store.corrupt', 'a file of media is not in the store')
  return { name: row.name, size: row.size, key: Uint8Array.from(vault.open(keyCell(row.name), row.key)) }
}

/** Forgets a file that no item has; answers its name, for whoever removes it from the disk. */
export function dropFile({ db }: Tx, seq: number): readonly string[] {
  if (db.get('SELECT 1 FROM media WHERE file = ?', seq) !== undefined) return []
  const row = db.get<{ name: string }>('SELECT name FROM media_files WHERE seq = ?', seq)
  db.run('DELETE FROM media_files WHERE seq = ?', seq)
  return row === undefined ? [] : [row.name]
}

export function mediaFileNames({ db }: Source): readonly string[] {
  return db.all<{ name: string }>('SELECT name FROM media_files').map(({ name }) => name)
}

function keyCell(name: string) {
  return { table: 'media_files', row: name, column: 'key' }
}
