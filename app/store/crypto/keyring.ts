import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { PosternError } from '../../lib/error.ts'
import type { Connection } from '../database/connection.ts'
import { type Cell, KEY_ID_BYTES, type NamedKey, openCell, sealCell } from './cell.ts'

const KEY_BYTES = 32
/** The name that values sealed with the key-encryption key itself carry. */
const OUTER_ID = '00'.repeat(KEY_ID_BYTES)

const CHECK_NAME = 'store.key_check'
const CHECK_CELL: Cell = { table: 'meta', row: CHECK_NAME, column: 'value' }
const CHECK_TEXT = 'postern'

type KeyRow = { readonly id: string; readonly scope: string; readonly wrapped: Uint8Array }

/** Whose values a data key seals. Removing a scope's keys makes everything sealed under it unreadable for good. */
export type Scope = 'appliance' | 'lookup' | `account:${string}` | `device:${string}`

/**
 * The random data keys, each wrapped by the key-encryption key. An account has two: one for its device (credentials,
 * Signal keys), which goes when the device is removed, and one for what was said, so that history and webhooks still
 * owed outlive a log-out.
 */
export class Keyring {
  readonly #db: Connection
  readonly #outer: NamedKey
  readonly #byId = new Map<string, NamedKey>()
  readonly #current = new Map<Scope, NamedKey>()

  constructor(db: Connection, outer: KeyObject) {
    this.#db = db
    this.#outer = { id: OUTER_ID, key: outer }
  }

  /** The key with this id. Throws `store.corrupt` when it was removed. */
  byId(id: string): NamedKey {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const row = this.#db.get<KeyRow>('SELECT id, scope, wrapped FROM data_keys WHERE id = ?', id)
    if (row === undefined) throw new PosternError('store.corrupt', `the data key ${id} is not in the store`)
    return this.#unwrap(row)
  }

  /** The newest key of a scope, made when there is none; so only where the connection may write. */
  current(scope: Scope): NamedKey {
    const known = this.#current.get(scope) ?? this.#newest(scope) ?? this.#create(scope)
    this.#current.set(scope, known)
    return known
  }

  /** Answers whether there was a key. */
  remove(scope: Scope): boolean {
    this.forget()
    return this.#db.run('DELETE FROM data_keys WHERE scope = ?', scope).changes > 0
  }

  /** Drops what is in memory. Must follow every rollback: a key made in it does not exist. */
  forget(): void {
    this.#byId.clear()
    this.#current.clear()
  }

  #newest(scope: Scope): NamedKey | undefined {
    const sql = 'SELECT id, scope, wrapped FROM data_keys WHERE scope = ? ORDER BY version DESC LIMIT 1'
    const row = this.#db.get<KeyRow>(sql, scope)
    return row === undefined ? undefined : this.#unwrap(row)
  }

  #create(scope: Scope): NamedKey {
    const id = randomBytes(KEY_ID_BYTES).toString('hex')
    const bytes = randomBytes(KEY_BYTES)
    const wrapped = sealCell(this.#outer, wrappedCell(id, scope), bytes)
    const version = 'SELECT coalesce(max(version), 0) + 1 FROM data_keys WHERE scope = ?1'
    this.#db.run(
      `INSERT INTO data_keys (scope, id, wrapped, version) VALUES (?1, ?2, ?3, (${version}))`,
      scope,
      id,
      wrapped,
    )
    return this.#remember(id, bytes)
  }

  #unwrap({ id, scope, wrapped }: KeyRow): NamedKey {
    return this.#remember(id, openCell(this.#outer, wrappedCell(id, scope), wrapped))
  }

  #remember(id: string, bytes: Buffer): NamedKey {
    const named = { id, key: createSecretKey(bytes) }
    bytes.fill(0)
    this.#byId.set(id, named)
    return named
  }
}

/** Writes what a later start checks its key against, and the keys of the appliance itself. Belongs into the first migration. */
export function initialiseKeys(db: Connection, outer: KeyObject): void {
  const check = sealCell({ id: OUTER_ID, key: outer }, CHECK_CELL, CHECK_TEXT)
  db.run('INSERT INTO meta (name, value) VALUES (?, ?)', CHECK_NAME, check.toString('hex'))
  const keyring = new Keyring(db, outer)
  keyring.current('appliance')
  keyring.current('lookup')
}

/** Throws `store.wrong_key` when this is not the key that the store was made with. Writes nothing. */
export function checkKey(db: Connection, outer: KeyObject): void {
  const row = db.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', CHECK_NAME)
  if (row === undefined)
    throw new PosternError('store.corrupt', 'the store has no key check: restore a backup')
  try {
    openCell({ id: OUTER_ID, key: outer }, CHECK_CELL, Buffer.from(row.value, 'hex'))
  } catch (cause) {
    throw new PosternError(
      'store.wrong_key',
      'the master key is not the one this store was made with: put the right key back, or use another data folder; nothing was changed',
      { cause },
    )
  }
}

function wrappedCell(id: string, scope: string): Cell {
  return { table: 'data_keys', row: `${scope}/${id}`, column: 'wrapped' }
}
