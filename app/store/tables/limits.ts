import type { BucketState } from '../../policy/limit/buckets.ts'
import { scopeOf } from '../crypto/vault.ts'
import type { Source, Tx } from '../writer/transaction.ts'

type Row = { readonly name: Uint8Array; readonly state: Uint8Array }

/** How many old rows one write takes along. */
const FORGOTTEN_AT_ONCE = 100

export function listBuckets({ db, vault }: Source, now: Date): readonly BucketState[] {
  return db
    .all<Row>('SELECT name, state FROM limit_buckets WHERE rests_at > ?', now.getTime())
    .map(
      ({ name, state }) => JSON.parse(vault.open(cell(Buffer.from(name)), state).toString()) as BucketState,
    )
}

/** What a bucket is for may be somebody's number or address, so that all of it is sealed. */
export function putBuckets(
  { db, vault }: Tx,
  { states, now }: { states: readonly BucketState[]; now: Date },
): void {
  db.run(
    `DELETE FROM limit_buckets WHERE rowid IN
       (SELECT rowid FROM limit_buckets WHERE rests_at <= ? ORDER BY rests_at LIMIT ?)`,
    now.getTime(),
    FORGOTTEN_AT_ONCE,
  )
  for (const state of states) {
    const name = vault.hash('limit', state.key)
    db.run(
      'INSERT OR REPLACE INTO limit_buckets (name, state, rests_at) VALUES (?, ?, ?)',
      name,
      vault.seal(scopeOf(undefined), cell(name), JSON.stringify(state)),
      state.restsAtMs,
    )
  }
}

function cell(name: Buffer) {
  return { table: 'limit_buckets', row: name.toString('hex'), column: 'state' }
}
