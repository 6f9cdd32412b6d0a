import type { proto } from '@whiskeysockets/baileys'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { type Addressing, jidOf, parseAddress } from '../../wire/address.ts'
import type { Reader } from '../content/kind.ts'
import { openVote } from '../content/polls.ts'
import { findKnown } from '../known.ts'
import { download } from '../media/download.ts'
import { userAt } from './incoming.ts'

const ADDRESSINGS: readonly Addressing[] = ['pn', 'lid']

/** What a user's phone reads the messages of a sender with. */
export function readerOf(world: World, user: User, sender: User): Reader {
  return {
    nameOf(jid) {
      const named = userAt(world, parseAddress(jid))
      return named === undefined ? jid.replace(/^(\d+)(:\d+)?@s\.whatsapp\.net$/, '+$1') : `+${named.number}`
    },
    openVote: update => voteOf(world, { user, sender, update }),
    open: (kind, part) => download(world, kind, part),
  }
}

type Ballot = {
  readonly user: User
  readonly sender: User
  readonly update: proto.Message.IPollUpdateMessage
}

/** Votes name author and voter as their chat does, which the vote does not say: by number or by LID. */
function voteOf(world: World, { user, sender, update }: Ballot): readonly string[] | string {
  const id = update.pollCreationMessageKey?.id ?? ''
  if (findKnown(world, user, { id }) === undefined)
    return `a vote in the poll ${id}, which the phone does not have`
  let fault = ''
  for (const author of ADDRESSINGS) {
    const poll = findKnown(world, user, { id, by: author })
    for (const voter of ADDRESSINGS) {
      try {
        if (poll !== undefined) return openVote(poll, jidOf(sender, voter), update.vote ?? {})
      } catch (error) {
        fault ||= error instanceof Error ? error.message : String(error)
      }
    }
  }
  return `a vote in the poll ${id} that does not open: ${fault}`
}
