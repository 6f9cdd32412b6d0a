import type { Database } from '../database.ts'
import { fromText, toText } from '../meta.ts'

/** How much a phone tells a companion of what was said before; `full` to those only that ask for it. */
export const HISTORIES = ['none', 'recent', 'full'] as const
export type History = (typeof HISTORIES)[number]

/** How what is large reaches a companion: inside a message, or as a file on the media host. */
export const BLOBS = ['inline', 'external'] as const
export type Blobs = (typeof BLOBS)[number]

/** What a user shows and whom they shut out, and how their phone is set up. Times in seconds since 1970. */
export type Profile = {
  readonly about: string
  readonly aboutAt: number
  /** Who may do and see what, by WhatsApp's own category names. */
  readonly privacy: Readonly<Record<string, string>>
  /** Seconds after which messages of new chats disappear; 0 for never. */
  readonly disappearing: number
  /** Numbers without `+`. */
  readonly blocked: readonly string[]
  readonly history: History
  readonly blobs: Blobs
  /** False for a phone that takes messages and does not open them. */
  readonly reads: boolean
}

/** Profiles by number; who has never changed theirs has WhatsApp's defaults. */
export type Profiles = {
  of(number: string): Profile
  /** True when a number has another on its block list. */
  isBlocked(by: string, who: string): boolean
  change(number: string, change: Partial<Profile>): Profile
  /** Hands a profile on to the number that its owner has changed to. */
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA = 'CREATE TABLE IF NOT EXISTS profiles (number TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT'

const DEFAULT: Profile = {
  about: 'Hey there! I am using WhatsApp.',
  aboutAt: 0,
  privacy: {
    readreceipts: 'all',
    profile: 'all',
    status: 'all',
    online: 'all',
    last: 'all',
    groupadd: 'all',
    calladd: 'all',
    messages: 'all',
  },
  disappearing: 0,
  blocked: [],
  history: 'full',
  blobs: 'inline',
  reads: true,
}

export function createProfiles(db: Database): Profiles {
  db.define(SCHEMA)
  const known = new Map<string, Profile>()
  for (const row of db.all('SELECT number, body FROM profiles')) {
    known.set(String(row.number), { ...DEFAULT, ...(fromText(row.body) as Profile) })
  }
  const put = (number: string, profile: Profile): Profile => {
    db.run('INSERT OR REPLACE INTO profiles (number, body) VALUES (?, ?)', number, toText(profile))
    known.set(number, profile)
    return profile
  }
  const of = (number: string): Profile => known.get(number) ?? DEFAULT
  return {
    of,
    isBlocked: (by, who) => of(by).blocked.includes(who),
    change: (number, change) => put(number, { ...of(number), ...change }),
    move(from, to) {
      put(to, of(from))
      known.delete(from)
      db.run('DELETE FROM profiles WHERE number = ?', from)
    },
    clear() {
      known.clear()
      db.run('DELETE FROM profiles')
    },
  }
}
