import type { User } from '../../store/people/users.ts'
import type { Group, GroupRole } from '../../store/social/groups.ts'
import type { Stanza } from '../../wire/stanza.ts'
import type { IqOutcome } from '../iq/table.ts'
import type { Network } from '../network.ts'

/** Somebody about to do something to a group. */
export type Deed = { readonly network: Network; readonly actor: User; readonly group: Group }

export type Refusal = Extract<IqOutcome, { kind: 'error' }>

/** What a deed comes to: the group as it is now, and what the answer holds. */
export type DeedOutcome =
  | { readonly kind: 'done'; readonly group: Group; readonly answer?: Stanza[] }
  | Refusal

/** May not see or do this: no member, or no admin. */
export const FORBIDDEN: Refusal = { kind: 'error', code: 403, text: 'forbidden' }
/** May not have the invite link, or was put out of the group. */
export const NOT_AUTHORIZED: Refusal = { kind: 'error', code: 401, text: 'not-authorized' }
export const NOT_FOUND: Refusal = { kind: 'error', code: 404, text: 'item-not-found' }
export const NOT_ACCEPTABLE: Refusal = { kind: 'error', code: 406, text: 'not-acceptable' }
export const CONFLICT: Refusal = { kind: 'error', code: 409, text: 'conflict' }
/** An invite link that is no longer valid. */
export const GONE: Refusal = { kind: 'error', code: 410, text: 'gone' }
/** More than a group or a text may have. */
export const TOO_LARGE: Refusal = { kind: 'error', code: 419, text: 'resource-limit' }

export function roleOf({ members }: Group, number: string): GroupRole | undefined {
  return members.find(member => member.number === number)?.role
}

export function isMember(group: Group, number: string): boolean {
  return roleOf(group, number) !== undefined
}

export function isAdmin(group: Group, number: string): boolean {
  const role = roleOf(group, number)
  return role === 'admin' || role === 'superadmin'
}

export function adminsOf({ members }: Group): readonly string[] {
  return members.filter(({ role }) => role !== 'member').map(({ number }) => number)
}

/** A sentence about why somebody may not send to a group; undefined when they may. */
export function whyNotIn(group: Group, { number }: User): string | undefined {
  if (!isMember(group, number)) return `+${number} is not in ${group.id}`
  if (group.isParent) return `${group.id} is a community, nobody talks in it`
  return group.announcement && !isAdmin(group, number) ? `in ${group.id} only admins send` : undefined
}
