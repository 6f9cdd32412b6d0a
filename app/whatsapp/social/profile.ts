import { jidNormalizedUser, S_WHATSAPP_NET, type WASocket } from '@whiskeysockets/baileys'
import type { ChatId } from '../../model/chat.ts'
import { aboutOf, shown } from './contacts.ts'
import type { SocialDeps } from './social.ts'

/** What others see of the account. */
export type OwnProfile = { readonly name?: string; readonly about?: string; readonly pictureUrl?: string }

export type Profile = {
  get(): Promise<OwnProfile>
  setName(name: string): Promise<void>
  setAbout(about: string): Promise<void>
  /** A JPEG, as it is; null takes it away. Of the account, or of a group. */
  setPicture(jpeg: Uint8Array | null, group?: ChatId): Promise<void>
  /** Whether the account is seen as being there. */
  setPresence(isThere: boolean): Promise<void>
}

export function createProfile({ sock }: Pick<SocialDeps, 'sock'>): Profile {
  return {
    async get() {
      const { me } = sock.authState.creds // `sock.user` is as it was when the connection began
      const jid = jidNormalizedUser(me?.id)
      const [about, pictureUrl] = await Promise.all([
        aboutOf(sock, jid),
        shown(sock.profilePictureUrl(jid, 'image')),
      ])
      const name = me?.name
      return {
        ...(name ? { name } : {}),
        ...(about ? { about } : {}),
        ...(pictureUrl ? { pictureUrl } : {}),
      }
    },
    async setName(name) {
      await sock.updateProfileName(name)
      const me = sock.authState.creds.me
      if (me !== undefined) sock.ev.emit('creds.update', { me: { ...me, name } }) // the library hears of others' changes alone
    },
    setAbout: about => sock.updateProfileStatus(about),
    setPicture: (jpeg, group) => setPicture(sock, jpeg, group),
    setPresence: isThere => sock.sendPresenceUpdate(isThere ? 'available' : 'unavailable'),
  }
}

/** The library would draw the picture anew, with one of two packages that are not part of the appliance. */
async function setPicture(sock: WASocket, jpeg: Uint8Array | null, group: ChatId | undefined): Promise<void> {
  const target = group === undefined ? {} : { target: group }
  const attrs = { to: S_WHATSAPP_NET, type: 'set', xmlns: 'w:profile:picture', ...target }
  const content =
    jpeg === null ? {} : { content: [{ tag: 'picture', attrs: { type: 'image' }, content: jpeg }] }
  await sock.query({ tag: 'iq', attrs, ...content })
}
