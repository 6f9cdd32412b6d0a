import { createHmac, type KeyObject } from 'node:crypto'
import type { Connection } from '../database/connection.ts'
import { unlessDamaged } from '../database/failures.ts'
import { type Cell, keyIdOf, openCell, sealCell } from './cell.ts'
import { Keyring, type Scope } from './keyring.ts'

/** Seals and opens the columns of one connection, and hashes what must be found without being readable. */
export class Vault {
  readonly keyring: Keyring

  constructor(db: Connection, outer: KeyObject) {
    this.keyring = new Keyring(db, outer)
  }

  seal(scope: Scope, cell: Cell, plain: Uint8Array | string): Buffer {
    return sealCell(this.keyring.current(scope), cell, plain)
  }

  open(cell: Cell, sealed: Uint8Array): Buffer {
    return openCell(this.keyring.byId(keyIdOf(sealed, cell)), cell, sealed)
  }

  sealText(scope: Scope, cell: Cell, text: string | undefined): Buffer | null {
    return text === undefined ? null : this.seal(scope, cell, text)
  }

  openText(cell: Cell, sealed: Uint8Array | null): string | undefined {
    return sealed === null ? undefined : this.open(cell, sealed).toString()
  }

  /** Of words that nothing but people's eyes depend on, so that what they belong to is not given up when they are damaged. */
  legible(cell: Cell, sealed: Uint8Array | null): string | undefined {
    return unlessDamaged(
      () => this.openText(cell, sealed),
      () => 'it cannot be read',
    )
  }

  /** HMAC-SHA-256 over a purpose and its parts: equal things have equal hashes, and without the key nobody can try numbers. */
  hash(
    purpose:
      | 'chat'
      | 'lane'
      | 'message'
      | 'signal-key'
      | 'idempotency'
      | 'body'
      | 'personal'
      | 'contact'
      | 'subject'
      | 'participant'
      | 'limit'
      | 'media',
    ...parts: string[]
  ): Buffer {
    const { key } = this.keyring.current('lookup')
    return createHmac('sha256', key)
      .update(JSON.stringify([purpose, ...parts]))
      .digest()
  }
}

/** The scope of what was said in an account, or of the appliance when no account is concerned. */
export function scopeOf(account: string | undefined | null): Scope {
  return account == null ? 'appliance' : `account:${account}`
}
