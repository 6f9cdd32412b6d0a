import { ADD_MODES } from '../../../model/group.ts'
import { CONTENT, CONTENT_OPTIONAL } from './content.ts'
import { CHAT, COUNT, FLAG, INSTANT, listOf, oneOfWords, orNull, shape, TEXT } from './shape.ts'

const GROUP = {
  ...{ id: CHAT, chat: CHAT, subject: TEXT, description: orNull(TEXT), owner: orNull(CHAT) },
  ...{ created_at: orNull(INSTANT), size: COUNT, announcement: FLAG, locked: FLAG, approval: FLAG },
  ...{ add_mode: oneOfWords(ADD_MODES), ephemeral_seconds: COUNT, is_community: FLAG },
  community: orNull(CHAT),
}

const STANDING = {
  ...{ phone: CHAT, opted_out_at: orNull(INSTANT) },
  consents: listOf(
    shape({
      ...{ purpose: TEXT, granted_at: orNull(INSTANT), has_evidence: FLAG, recorded_at: INSTANT },
      ...{ withdrawn_at: orNull(INSTANT), valid: FLAG },
    }),
  ),
}
const PRESENCE = { phone: CHAT, on_whatsapp: FLAG, chat: orNull(CHAT), lid: orNull(TEXT) }
const CARD = { about: orNull(TEXT), picture_url: orNull(TEXT), blocked: FLAG }

/** Groups, channels and people. */
export const SOCIAL_SHAPES = {
  GroupSummary: shape(GROUP),
  Group: shape({
    ...GROUP,
    participants: listOf(shape({ participant: CHAT, role: oneOfWords(['member', 'admin', 'superadmin']) })),
  }),
  ParticipantOutcome: shape(
    {
      ...{ participant: CHAT, done: FLAG, whatsapp_code: { type: 'integer' } },
      invitation: shape({ code: TEXT, expires_at: INSTANT }),
    },
    ['whatsapp_code', 'invitation'],
  ),
  JoinRequest: shape({ participant: CHAT, requested_at: orNull(INSTANT) }),
  Invite: shape({ code: TEXT, url: TEXT }),
  Channel: shape({
    ...{ id: CHAT, chat: CHAT, name: TEXT, description: TEXT, muted: FLAG, verified: FLAG },
    role: oneOfWords(['owner', 'admin', 'follower', 'guest']),
    ...{ url: orNull(TEXT), followers: orNull(COUNT), created_at: orNull(INSTANT) },
  }),
  Post: shape(
    {
      ...{ server_id: COUNT, message_id: orNull(TEXT), timestamp: orNull(INSTANT), ...CONTENT },
      reactions: { type: 'object', additionalProperties: COUNT },
    },
    CONTENT_OPTIONAL,
  ),
  Standing: {
    ...shape(STANDING),
    description: 'What a contact has agreed to, and whether it has opted out.',
  },
  Presence: shape(PRESENCE),
  Contact: shape({ ...STANDING, ...PRESENCE, ...CARD, name: orNull(TEXT) }, [
    ...Object.keys(CARD),
    ...['on_whatsapp', 'chat', 'lid'],
  ]),
} as const
