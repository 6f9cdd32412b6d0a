import { EVENT_TYPES } from '../../model/event.ts'
import { OPT_OUT_CONFIRMATION } from '../../model/opt-out.ts'

/** Everything a rule can speak of: contract.md section 4. */
export const ACTIONS = [
  'accounts.read',
  'accounts.link',
  'accounts.manage',
  'messages.send',
  'messages.read',
  'messages.approve',
  'media.read',
  'media.write',
  'chats.read',
  'chats.write',
  'contacts.read',
  'contacts.write',
  'consent.write',
  'privacy.manage',
  'groups.read',
  'groups.write',
  'channels.read',
  'channels.write',
  'events.read',
  'webhooks.read',
  'webhooks.replay',
  'audit.read',
  'policy.read',
  'operators.manage',
] as const

/** The types of messages that can be sent, by their names in the API. */
export const MESSAGE_TYPES = [
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'reaction',
  'template',
  'poll',
  'edit',
  'revoke',
  'pin',
  'forward',
] as const

/** Words that decisions and the audit chain use themselves, so that no rule and no principal may have them as its name. */
export const RESERVED_IDS: ReadonlySet<string> = new Set([
  'default',
  'network',
  'expired',
  'revoked',
  'limit',
  'role',
  'opted-out',
  'quiet-hours',
  'invalid-recipient',
])
export const RESERVED_PRINCIPALS: ReadonlySet<string> = new Set(['system', 'anonymous'])

/** Names that no file needs to give, by what refers to them. */
export const FIXED_NAMES: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['action', ACTIONS],
  ['eventType', EVENT_TYPES],
  ['messageType', MESSAGE_TYPES],
  ['template', [OPT_OUT_CONFIRMATION]],
])
