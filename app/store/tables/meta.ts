import { PosternError } from '../../lib/error.ts'
import type { Source, Tx } from '../writer/transaction.ts'

/** Names of the store's own values begin so; nobody else sees or sets them. */
const RESERVED = 'store.'

export function getMeta({ db }: Source, name: string): string | undefined {
  if (name.startsWith(RESERVED)) return undefined
  return db.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', name)?.value
}

export function setMeta({ db }: Tx, { name, value }: { name: string; value: string }): void {
  if (name.startsWith(RESERVED))
    throw new PosternError('store.conflict', `${name} belongs to the store itself`)
  db.run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', name, value)
}
