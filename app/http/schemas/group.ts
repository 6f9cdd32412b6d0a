import { EPHEMERAL_SECONDS } from '../../model/chat-settings.ts'
import {
  ADD_MODES,
  type GroupSettings,
  PARTICIPANT_ACTIONS,
  type ParticipantAction,
} from '../../model/group.ts'

/** What WhatsApp takes at most. */
const SUBJECT = { type: 'string', minLength: 1, maxLength: 100 } as const
const DESCRIPTION = { type: 'string', maxLength: 2048 } as const
const MAX_PARTICIPANTS = 500

const PERSON = {
  type: 'string',
  minLength: 1,
  maxLength: 64,
  description: 'an E.164 number, with or without +, or a JID',
} as const
const PEOPLE = { type: 'array', minItems: 1, maxItems: MAX_PARTICIPANTS, items: PERSON } as const
const GROUP_ID = {
  type: 'string',
  pattern: '^\\d{5,31}(-\\d{5,20})?@g\\.us$',
  description: '…@g.us',
} as const

/** The body of `POST …/groups`. */
export type NewGroupBody = {
  readonly subject: string
  readonly description?: string
  readonly participants?: readonly string[]
  readonly community?: string
  readonly is_community?: boolean
}

export const NEW_GROUP_SCHEMA = {
  type: 'object',
  required: ['subject'],
  additionalProperties: false,
  properties: {
    subject: SUBJECT,
    description: DESCRIPTION,
    participants: { ...PEOPLE, minItems: 0 },
    community: { ...GROUP_ID, description: 'the community that the group is to belong to' },
    is_community: { type: 'boolean', description: 'a community, which is a group of groups' },
  },
} as const

/** The body of `PATCH …/groups/{group}`. */
export type GroupChangeBody = Partial<Omit<GroupSettings, 'addMode' | 'ephemeralSeconds'>> & {
  readonly add_mode?: GroupSettings['addMode']
  readonly ephemeral_seconds?: number
  readonly picture?: string | null
}

/** Base64 of what WhatsApp takes as a picture. */
export const PICTURE = {
  type: ['string', 'null'],
  maxLength: 700_000,
  description: 'a JPEG in base64; null takes the picture away',
} as const

export const GROUP_CHANGE_SCHEMA = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: {
    subject: SUBJECT,
    description: DESCRIPTION,
    announcement: { type: 'boolean', description: 'only admins write' },
    locked: { type: 'boolean', description: 'only admins change subject, description and picture' },
    approval: { type: 'boolean', description: 'admins let in who follows the invite link' },
    add_mode: { enum: ADD_MODES },
    ephemeral_seconds: { enum: EPHEMERAL_SECONDS },
    picture: PICTURE,
  },
} as const

/** The body of `POST …/groups/{group}/participants`. */
export type ParticipantsBody = {
  readonly action: ParticipantAction
  readonly participants: readonly string[]
}

export const PARTICIPANTS_SCHEMA = {
  type: 'object',
  required: ['action', 'participants'],
  additionalProperties: false,
  properties: { action: { enum: PARTICIPANT_ACTIONS }, participants: PEOPLE },
} as const

/** The body of `POST …/groups/join`: an invite link, or an invitation to the account alone. */
export type JoinBody = {
  readonly code: string
  readonly group?: string
  readonly from?: string
  readonly expires_at?: string
}

export const JOIN_SCHEMA = {
  type: 'object',
  required: ['code'],
  additionalProperties: false,
  dependentRequired: { group: ['from', 'expires_at'], from: ['group'], expires_at: ['group'] },
  properties: {
    code: {
      type: 'string',
      minLength: 1,
      maxLength: 256,
      description: 'of an invite link, or the whole link',
    },
    group: { ...GROUP_ID, description: 'of an invitation to the account alone' },
    from: { ...PERSON, description: 'who sent it' },
    expires_at: { type: 'string', format: 'date-time' },
  },
} as const
