/** The two ways to name a user on the wire: by number, or by LID, which says nothing about the number. */
export type Addressing = 'pn' | 'lid'

/** A JID of a user's device, taken apart. Device 0 is the phone; a JID without a device means it too. */
export type Address = { readonly user: string; readonly device: number; readonly by: Addressing }

const USERS = 's.whatsapp.net'

/** The server's own JID: no user before the `@`. */
export const SERVER = `@${USERS}`

const JID = /^(\d+)(?::(\d+))?@(s\.whatsapp\.net|lid)$/

/** undefined for anything that is no user's JID (groups, broadcasts, channels, the server itself). */
export function parseAddress(jid: string | undefined): Address | undefined {
  const match = JID.exec(jid ?? '')
  if (match === null) return undefined
  const [, user = '', device = '0', server] = match
  return { user, device: Number(device), by: server === 'lid' ? 'lid' : 'pn' }
}

/** The JID of a user's device in one addressing. */
export function jidOf(user: { number: string; lid: string }, by: Addressing, device = 0): string {
  const suffix = device === 0 ? '' : `:${device}`
  return by === 'lid' ? `${user.lid}${suffix}@lid` : `${user.number}${suffix}@${USERS}`
}

/** True for a JID that names many: a group, a community, everybody who sees a status. */
export function isCircleJid(jid: string | undefined): jid is string {
  return jid === 'status@broadcast' || isGroupJid(jid)
}

/** True for the JID of a group or a community. */
export function isGroupJid(jid: string | undefined): jid is string {
  return /^[\d-]+@g\.us$/.test(jid ?? '')
}

/** True for the JID of a channel. */
export function isChannelJid(jid: string | undefined): jid is string {
  return /^\d+@newsletter$/.test(jid ?? '')
}
