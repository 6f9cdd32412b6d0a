/**
 * Why a message came to `failed`: the stable words in `error.code` of a message and of `message.failed`, each with what it
 * means for whoever asked for the message. Beside them there is `whatsapp.NNN`, for a refusal of WhatsApp's that has no
 * word here; NNN is its number.
 */
export const SEND_FAILURES = {
  denied: 'the policy that was in force when the message was about to leave, or was approved, denies it',
  'hold.rejected': 'it was held, and whoever looked at it said no: `message` is their reason',
  'recipient.not_on_whatsapp': 'nobody on WhatsApp has this number',
  'recipient.unreachable': 'WhatsApp gave no keys for any device of the recipient, several times over',
  'recipient.forbidden': 'WhatsApp does not let this account write to this recipient',
  'group.not_found': 'there is no such group, or no longer',
  'group.not_member': 'this account is not in the group',
  'group.forbidden': 'this account may not write in the group: it is not in it, or only admins write there',
  'account.number_changed':
    'it was asked for while the account had another number: from a number that nobody meant it is not sent',
  'account.restricted':
    'WhatsApp does not let this account start new chats for the time being; chats in which the other side has written go on. ' +
    'Every further try makes it last longer, so there is none',
  'message.rejected': 'WhatsApp refused the message as it was, several times over where that could help',
  'message.target_unfit':
    'the message that it edits, takes back, pins or answers in one emoji was never sent, is not known any more, or is too old by now',
  'media.gone': 'the file that it carries is no longer kept',
  'message.unreadable': 'the message was damaged where it was kept, and nobody can read it any more',
  'message.too_large': 'the message is larger than WhatsApp takes',
} as const

export type SendFailureCode = keyof typeof SEND_FAILURES | `whatsapp.${number}`
