import type { HttpDeps } from '../../deps.ts'
import type { Route } from '../route.ts'
import { channelRoutes } from './channels.ts'
import { chatRoutes } from './chats.ts'
import { contactRoutes } from './contacts.ts'
import { groupRoutes } from './groups.ts'
import { inviteRoutes } from './invites.ts'
import { participantRoutes } from './participants.ts'
import { profileRoutes } from './profile.ts'

/** What an account has to do with others besides messages: groups, channels, contacts, chats, and how it shows itself. */
export function socialRoutes(deps: HttpDeps): readonly Route[] {
  return [
    ...inviteRoutes(deps), // `groups/join` must not be taken for a group
    ...groupRoutes(deps),
    ...participantRoutes(deps),
    ...contactRoutes(deps),
    ...chatRoutes(deps),
    ...channelRoutes(deps),
    ...profileRoutes(deps),
  ]
}
