import type { User } from '../../store/people/users.ts'
import type { Circle } from '../../store/social/circle.ts'
import type { World } from '../../store/world.ts'
import { type Addressing, jidOf } from '../../wire/address.ts'
import type { Writer } from '../content/kind.ts'
import { findKnown } from '../known.ts'
import { sealFile } from '../media/file.ts'
import { storeFile } from '../media/paths.ts'

/** A chat that somebody writes in: its JID, and how it addresses its people. */
export type Chat = {
  readonly jid: string
  readonly by: Addressing
  readonly isGroup: boolean
  /** The number of the account that faults with its files are for, without `+`; empty for a group's. */
  readonly account: string
}

/** The chat with one user. */
export function chatWith(user: User, by: Addressing = 'pn'): Chat {
  return { jid: jidOf(user, by), by, isGroup: false, account: user.number }
}

/** The chat of a group, or the statuses. */
export function chatIn({ id, addressing }: Circle): Chat {
  return { jid: id, by: addressing, isGroup: true, account: '' }
}

/** What a phone's messages in a chat are written with. `mediaOrigin` is what the media host is called. */
export function writerOf(world: World, user: User, chat: Chat & { readonly mediaOrigin: string }): Writer {
  const { jid, by, isGroup, account, mediaOrigin } = chat
  return {
    me: jidOf(user, by),
    chat: jid,
    isGroup,
    now: world.now,
    find: id => findKnown(world, user, { id, by }),
    jidOf(number) {
      const digits = number.replace(/^\+/, '')
      const other = world.users.get(digits)
      return other === undefined ? `${digits}@s.whatsapp.net` : jidOf(other, by)
    },
    upload(kind, plain) {
      const { bytes, ...sealed } = sealFile(kind, plain)
      const { directPath } = storeFile(world, { kind, bytes, account })
      const mediaKeyTimestamp = Math.floor(world.now().getTime() / 1000)
      return { ...sealed, directPath, url: `${mediaOrigin}${directPath}`, mediaKeyTimestamp }
    },
    bytes: count => world.random.of(`files ${user.number}`).bytes(count),
  }
}
