import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { PosternError } from '../../lib/error.ts'

/** Where a sealed value lives. It opens nowhere else: not in another row, column or table. */
export type Cell = { readonly table: string; readonly row: string; readonly column: string }

/** A key with the name that the sealed value carries. */
export type NamedKey = { readonly id: string; readonly key: KeyObject }

/** Bytes of a key id; its text is hex. */
export const KEY_ID_BYTES = 8

const CIPHER = 'aes-256-gcm'
const FORMAT = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 1 + KEY_ID_BYTES

/** AES-256-GCM under a random nonce: format byte, key id, nonce, ciphertext, tag. The cell and the key id are associated data. */
export function sealCell({ id, key }: NamedKey, cell: Cell, plain: Uint8Array | string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(associated(cell, id))
  const bytes = typeof plain === 'string' ? Buffer.from(plain) : plain
  const sealed = [cipher.update(bytes), cipher.final()]
  return Buffer.concat([Buffer.of(FORMAT), Buffer.from(id, 'hex'), nonce, ...sealed, cipher.getAuthTag()])
}

/** The plain bytes. Throws `store.corrupt` when the value is not what was sealed for this cell under this key. */
export function openCell({ id, key }: NamedKey, cell: Cell, sealed: Uint8Array): Buffer {
  if (sealed.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES) throw damaged(cell)
  const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES)
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
    associated(cell, id),
  )
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  const plain = decipher.update(sealed.subarray(HEADER_BYTES + NONCE_BYTES, -TAG_BYTES))
  try {
    return Buffer.concat([plain, decipher.final()])
  } catch (cause) {
    throw damaged(cell, cause)
  }
}

/** The id of the key that opens a sealed value. */
export function keyIdOf(sealed: Uint8Array, cell: Cell): string {
  if (sealed[0] !== FORMAT || sealed.length < HEADER_BYTES) throw damaged(cell)
  return Buffer.from(sealed.subarray(1, HEADER_BYTES)).toString('hex')
}

function associated({ table, row, column }: Cell, keyId: string): Buffer {
  return Buffer.from(`${table}|${row}|${column}|${keyId}`)
}

function damaged(cell: Cell, cause?: unknown): PosternError {
  return new PosternError(
    'store.corrupt',
    `${cell.table}.${cell.column} holds a value that was changed or moved`,
    {
      cause,
    },
  )
}
