import type { Card, Presence } from '../../whatsapp/social/contacts.ts'

/** Whether a number is on WhatsApp, and the chat that it is there. */
export function presenceJson({ phone, isThere, lid }: Presence): object {
  return { phone, on_whatsapp: isThere, chat: isThere ? phone : null, lid: lid ?? null }
}

/** What somebody shows of themselves; null where they hide it. */
export function cardJson({ about, pictureUrl, isBlocked }: Card): object {
  return { about: about ?? null, picture_url: pictureUrl ?? null, blocked: isBlocked }
}
