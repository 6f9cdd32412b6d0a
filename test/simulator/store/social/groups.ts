import type { Addressing } from '../../wire/address.ts'
import type { Database } from '../database.ts'
import { fromText, toText } from '../meta.ts'

export type GroupRole = 'member' | 'admin' | 'superadmin'

/** Somebody in a group, by number without `+`. */
export type Member = { readonly number: string; readonly role: GroupRole }

/** A text of the group, who set it and when (seconds since 1970). */
export type GroupText = {
  readonly id: string
  readonly body: string
  readonly by: string
  readonly at: number
}

/** Somebody who asked to be let in. */
export type JoinRequest = { readonly number: string; readonly at: number }

/** A personal invitation, for somebody who may not simply be added. */
export type PersonalInvite = {
  readonly number: string
  readonly code: string
  readonly by: string
  readonly expiresAt: number
}

/** A group, or the parent of a community. Numbers are without `+`, times in seconds since 1970. */
export type Group = {
  /** The whole JID. */
  readonly id: string
  /** How its members name each other on the wire. */
  readonly addressing: Addressing
  readonly subject: GroupText
  readonly description?: GroupText
  readonly creator: string
  readonly createdAt: number
  readonly members: readonly Member[]
  /** Goes up whenever somebody leaves: sender keys of an earlier epoch are known outside. */
  readonly epoch: number
  readonly inviteCode: string
  /** Codes that were valid once. */
  readonly revokedCodes: readonly string[]
  readonly personalInvites: readonly PersonalInvite[]
  readonly requests: readonly JoinRequest[]
  /** Who was put out and may not come back by link. */
  readonly removed: readonly string[]
  /** Only admins send. */
  readonly announcement: boolean
  /** Only admins change subject, description, picture and timer. */
  readonly locked: boolean
  /** Admins let in who comes by link. */
  readonly approval: boolean
  /** Who may add members. */
  readonly addMode: 'admin_add' | 'all_member_add'
  /** Seconds after which messages disappear; 0 for never. */
  readonly ephemeral: number
  /** A community's parent holds groups, no talk. */
  readonly isParent: boolean
  /** The announcements group that comes with a community. */
  readonly isDefault: boolean
  readonly parent?: string
}

export type Groups = {
  get(id: string): Group | undefined
  byCode(code: string): Group | undefined
  /** True when the code was valid for a group once. */
  wasCode(code: string): boolean
  ofMember(number: string): readonly Group[]
  list(): readonly Group[]
  put(group: Group): Group
  clear(): void
}

const SCHEMA = 'CREATE TABLE IF NOT EXISTS groups_ (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT'

/** Groups by JID. Kept in memory whole, written through. */
export function createGroups(db: Database): Groups {
  db.define(SCHEMA)
  const byId = new Map<string, Group>()
  for (const row of db.all('SELECT body FROM groups_')) {
    const group = fromText(row.body) as Group
    byId.set(group.id, group)
  }
  const list = () => [...byId.values()]
  return {
    get: id => byId.get(id),
    byCode: code => list().find(({ inviteCode }) => inviteCode === code),
    wasCode: code => list().some(({ revokedCodes }) => revokedCodes.includes(code)),
    ofMember: number => list().filter(({ members }) => members.some(member => member.number === number)),
    list,
    put(group) {
      db.run('INSERT OR REPLACE INTO groups_ (id, body) VALUES (?, ?)', group.id, toText(group))
      byId.set(group.id, group)
      return group
    },
    clear() {
      byId.clear()
      db.run('DELETE FROM groups_')
    },
  }
}
