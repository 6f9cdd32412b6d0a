import type { ChatId } from './chat.ts'

/** Somebody in a group, by the number where WhatsApp tells it, else by the LID. */
export type Participant = { readonly participant: ChatId; readonly role: 'member' | 'admin' | 'superadmin' }

/** Who may add people: admins alone, or everybody in the group. In WhatsApp's own words. */
export const ADD_MODES = ['admin_add', 'all_member_add'] as const

/** What can be set about a group. The same words as in `group.updated`. */
export type GroupSettings = {
  readonly subject: string
  readonly description: string
  /** Only admins write. */
  readonly announcement: boolean
  /** Only admins change subject, description and picture. */
  readonly locked: boolean
  /** Admins let in who follows the invite link. */
  readonly approval: boolean
  readonly addMode: (typeof ADD_MODES)[number]
  /** Messages disappear after so long; 0: they stay. */
  readonly ephemeralSeconds: number
}

/** A group, or a community, which is a group of groups. */
export type Group = Omit<GroupSettings, 'description'> & {
  readonly id: ChatId
  readonly description?: string
  readonly owner?: ChatId
  readonly createdAt?: Date
  readonly size: number
  readonly isCommunity: boolean
  /** The community that it belongs to. */
  readonly community?: ChatId
  readonly participants: readonly Participant[]
}

export const PARTICIPANT_ACTIONS = ['add', 'remove', 'promote', 'demote', 'approve', 'reject'] as const

/** What admins do with people: of `approve` and `reject`, with those who have asked to be let in. */
export type ParticipantAction = (typeof PARTICIPANT_ACTIONS)[number]

/** What an action came to for one person. */
export type ParticipantOutcome = {
  readonly participant: ChatId
  /** WhatsApp's code of refusal; absent when it was done. */
  readonly refusal?: number
  /** Who lets nobody add them can be sent this instead. */
  readonly invitation?: { readonly code: string; readonly expiresAt: Date }
}

/** Somebody who has asked to be let in. */
export type JoinRequest = { readonly participant: ChatId; readonly at?: Date }

/** An invitation to one person, as a message or the answer to `add` has it. */
export type PersonalInvitation = {
  readonly group: ChatId
  readonly code: string
  readonly from: ChatId
  readonly expiresAt: Date
}
