import { createHash } from 'node:crypto'
import type { Database, Row } from '../database.ts'

/** A WhatsApp user and the phone (device 0) that they hold. */
export type User = {
  readonly number: string
  readonly lid: string
  readonly name: string
  /** A phone that is off receives nothing until it is on again. */
  readonly on: boolean
  readonly nextPreKeyId: number
  readonly nextDeviceId: number
}

type Change = Partial<Pick<User, 'name' | 'on' | 'nextPreKeyId' | 'nextDeviceId'>>

export type Users = {
  get(number: string): User | undefined
  byLid(lid: string): User | undefined
  list(): readonly User[]
  add(user: { number: string; name: string }): User
  change(number: string, change: Change): User
  /** Gives a user another number, which must be free; the LID stays. */
  renumber(from: string, to: string): User
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS users (
  number TEXT PRIMARY KEY, lid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, on_ INTEGER NOT NULL,
  next_prekey INTEGER NOT NULL, next_device INTEGER NOT NULL) STRICT`

/** Users by number and by LID. Kept in memory whole, written through. */
export function createUsers(db: Database, seed: number): Users {
  db.define(SCHEMA)
  const byNumber = new Map<string, User>()
  const byLid = new Map<string, User>()
  for (const row of db.all('SELECT * FROM users')) keep(fromRow(row))

  function keep(user: User): User {
    byNumber.set(user.number, user)
    byLid.set(user.lid, user)
    return user
  }
  function write(user: User): User {
    db.run(
      'INSERT OR REPLACE INTO users (number, lid, name, on_, next_prekey, next_device) VALUES (?, ?, ?, ?, ?, ?)',
      ...[user.number, user.lid, user.name, user.on ? 1 : 0],
      ...[user.nextPreKeyId, user.nextDeviceId],
    )
    return keep(user)
  }

  /** Who has given up a number has kept its LID. */
  function freeLid(number: string): string {
    let lid = lidOf(number, seed)
    for (let taken = 1; byLid.has(lid); taken++) lid = lidOf(`${number}|${taken}`, seed)
    return lid
  }

  return {
    get: number => byNumber.get(number),
    byLid: lid => byLid.get(lid),
    list: () => [...byNumber.values()],
    add: ({ number, name }) =>
      write({
        number,
        lid: freeLid(number),
        name,
        on: true,
        nextPreKeyId: 1,
        nextDeviceId: 1,
      }),
    change(number, change) {
      const user = byNumber.get(number)
      if (user === undefined) throw new Error(`no phone ${number}`)
      return write({ ...user, ...change })
    },
    renumber(from, to) {
      const user = byNumber.get(from)
      if (user === undefined) throw new Error(`no phone ${from}`)
      byNumber.delete(from)
      db.run('DELETE FROM users WHERE number = ?', from)
      return write({ ...user, number: to })
    },
    clear() {
      byNumber.clear()
      byLid.clear()
      db.run('DELETE FROM users')
    },
  }
}

/** A LID looks like a number and says nothing about it; here it follows from number and seed. */
function lidOf(number: string, seed: number): string {
  const digest = createHash('sha256').update(`lid|${seed}|${number}`).digest()
  return `${1 + (digest.readUInt8(0) % 9)}${String(digest.readUIntBE(1, 6)).padStart(15, '0').slice(-14)}`
}

function fromRow(row: Row): User {
  return {
    number: String(row.number),
    lid: String(row.lid),
    name: String(row.name),
    on: row.on_ === 1,
    nextPreKeyId: Number(row.next_prekey),
    nextDeviceId: Number(row.next_device),
  }
}
