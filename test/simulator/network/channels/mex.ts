import { QueryIds, XWAPaths } from '@whiskeysockets/baileys'
import { storeFile } from '../../phones/media/paths.ts'
import { userAt } from '../../phones/receiving/incoming.ts'
import type { User } from '../../store/people/users.ts'
import type { Channel } from '../../store/social/channels.ts'
import type { World } from '../../store/world.ts'
import { parseAddress } from '../../wire/address.ts'
import { bytesOf, stanza } from '../../wire/stanza.ts'
import { pictureFault } from '../contacts/pictures.ts'
import { BAD_REQUEST, type IqContext, type IqOutcome, type IqTable, result } from '../iq/table.ts'
import type { Network } from '../network.ts'
import { createChannel, follow, roleIn, runs } from './channels.ts'

type Variables = Readonly<Record<string, unknown>>
type Asked = { readonly network: Network; readonly user: User; readonly variables: Variables }

/** What a query comes to: its data, or an error with a code like an iq's. */
type Answered = { readonly data: unknown } | { readonly code: number; readonly message: string }

/** A query that WhatsApp knows by number, and where its answer lies. */
type Query = { readonly path: string; answer(asked: Asked): Answered }

const FORBIDDEN = { code: 403, message: 'Forbidden' }
const NOT_FOUND = { code: 404, message: 'Not Found' }

/** What the account follows: a query that Baileys does not know by name. */
const SUBSCRIBED = '6388546374527196'

const QUERIES: Readonly<Record<string, Query>> = {
  [QueryIds.CREATE]: { path: XWAPaths.xwa2_newsletter_create, answer: create },
  [QueryIds.METADATA]: { path: XWAPaths.xwa2_newsletter_metadata, answer: metadata },
  [QueryIds.UPDATE_METADATA]: { path: 'xwa2_newsletter_update', answer: ofRunner(update) },
  [SUBSCRIBED]: {
    path: 'xwa2_newsletter_subscribed',
    answer: ({ network: { world }, user }) => ({
      data: world.channels
        .list()
        .filter(channel => roleIn(channel, user.number) !== undefined)
        .map(channel => describe(world, channel, user)),
    }),
  },
  [QueryIds.SUBSCRIBERS]: {
    path: XWAPaths.xwa2_newsletter_subscribers,
    answer: ofChannel((_asked, { followers }) => ({ data: { subscribers: followers.length } })),
  },
  [QueryIds.FOLLOW]: { path: XWAPaths.xwa2_newsletter_join_v2, answer: following(true) },
  [QueryIds.UNFOLLOW]: { path: XWAPaths.xwa2_newsletter_leave_v2, answer: following(false) },
  [QueryIds.MUTE]: { path: XWAPaths.xwa2_newsletter_mute_v2, answer: muting(true) },
  [QueryIds.UNMUTE]: { path: XWAPaths.xwa2_newsletter_unmute_v2, answer: muting(false) },
  [QueryIds.ADMIN_COUNT]: {
    path: XWAPaths.xwa2_newsletter_admin_count,
    answer: ofChannel((_asked, channel) => ({
      data: {
        id: channel.id,
        admin_count: channel.followers.filter(({ number }) => runs(channel, number)).length,
      },
    })),
  },
  [QueryIds.CHANGE_OWNER]: { path: XWAPaths.xwa2_newsletter_change_owner, answer: ofRunner(changeOwner) },
  [QueryIds.DEMOTE]: { path: XWAPaths.xwa2_newsletter_demote, answer: ofRunner(demote) },
  [QueryIds.DELETE]: {
    path: XWAPaths.xwa2_newsletter_delete_v2,
    answer: ofRunner(({ network }, channel) => {
      network.world.channels.remove(channel.id)
      return { data: { id: channel.id, state: { type: 'DELETED' } } }
    }),
  },
  [QueryIds.REACHOUT_TIMELOCK]: {
    path: XWAPaths.xwa2_fetch_account_reachout_timelock,
    answer: () => ({ data: { is_active: false, enforcement_type: 'DEFAULT', time_enforcement_ends: null } }),
  },
}

/** Queries in GraphQL's manner: by number, with variables and an answer in JSON. */
export const mexIqs: IqTable = {
  'w:mex get query': async ({ network, user, request }: IqContext): Promise<IqOutcome> => {
    const query = QUERIES[request?.attrs.query_id ?? '']
    const variables = readVariables(bytesOf(request))
    if (query === undefined || variables === undefined) return BAD_REQUEST
    const answered = query.answer({ network, user, variables })
    await network.world.db.committed()
    const body =
      'data' in answered
        ? { data: { [query.path]: answered.data } }
        : {
            data: { [query.path]: null },
            errors: [
              { message: answered.message, path: [query.path], extensions: { error_code: answered.code } },
            ],
          }
    return result(stanza('result', {}, Buffer.from(JSON.stringify(body))))
  },
}

function readVariables(bytes: Buffer | undefined): Variables | undefined {
  try {
    const { variables } = JSON.parse(bytes?.toString() ?? '') as { variables?: unknown }
    return typeof variables === 'object' && variables !== null ? (variables as Variables) : undefined
  } catch {
    return undefined
  }
}

function ofChannel(act: (asked: Asked, channel: Channel) => Answered): Query['answer'] {
  return asked => {
    const channel = asked.network.world.channels.get(String(asked.variables.newsletter_id))
    return channel === undefined ? NOT_FOUND : act(asked, channel)
  }
}

/** Only for who runs the channel. */
function ofRunner(act: (asked: Asked, channel: Channel) => Answered): Query['answer'] {
  return ofChannel((asked, channel) => (runs(channel, asked.user.number) ? act(asked, channel) : FORBIDDEN))
}

function create({ network, user, variables }: Asked): Answered {
  const { name, description } = (variables.input ?? {}) as Variables
  if (typeof name !== 'string' || name === '') return { code: 400, message: 'Bad Request' }
  const channel = createChannel(network, user, { name, description: String(description ?? '') })
  return { data: describe(network.world, channel, user) }
}

function metadata({ network: { world }, user, variables }: Asked): Answered {
  const { key, type } = (variables.input ?? {}) as Variables
  const { get, byInvite } = world.channels
  const channel = type === 'INVITE' ? byInvite(String(key)) : get(String(key))
  return channel === undefined ? NOT_FOUND : { data: describe(world, channel, user) }
}

function update({ network: { world }, user, variables }: Asked, channel: Channel): Answered {
  const { name, description, picture } = (variables.updates ?? {}) as Variables
  if (typeof picture === 'string') {
    const bytes = Buffer.from(picture, 'base64')
    if (pictureFault(bytes) !== undefined) return { code: 400, message: 'Bad Request' }
    const { directPath } = storeFile(world, { kind: 'image', bytes, account: user.number })
    world.pictures.put(channel.id, { id: channel.id, directPath })
  }
  const changed = world.channels.put({
    ...channel,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof description === 'string' ? { description } : {}),
  })
  return { data: describe(world, changed, user) }
}

function following(on: boolean): Query['answer'] {
  return ofChannel(({ network: { world }, user }, channel) => {
    if (!on && roleIn(channel, user.number) === 'OWNER') return FORBIDDEN
    follow(world, channel, { number: user.number, on })
    return { data: { id: channel.id, state: { type: 'ACTIVE' } } }
  })
}

function muting(muted: boolean): Query['answer'] {
  return ofChannel(({ network: { world }, user }, channel) => {
    if (roleIn(channel, user.number) === undefined) return FORBIDDEN
    const followers = channel.followers.map(each => (each.number === user.number ? { ...each, muted } : each))
    world.channels.put({ ...channel, followers })
    return { data: { id: channel.id, viewer_metadata: { mute: muted ? 'ON' : 'OFF' } } }
  })
}

function changeOwner({ network: { world }, user, variables }: Asked, channel: Channel): Answered {
  const next = userAt(world, parseAddress(String(variables.user_id)))
  if (roleIn(channel, user.number) !== 'OWNER') return FORBIDDEN
  if (next === undefined || roleIn(channel, next.number) === undefined) return NOT_FOUND
  const followers = channel.followers.map(each => {
    if (each.number === next.number) return { ...each, role: 'OWNER' as const }
    return each.number === user.number ? { ...each, role: 'ADMIN' as const } : each
  })
  world.channels.put({ ...channel, followers })
  return { data: { id: channel.id } }
}

function demote({ network: { world }, variables }: Asked, channel: Channel): Answered {
  const who = userAt(world, parseAddress(String(variables.user_id)))
  if (who === undefined || roleIn(channel, who.number) !== 'ADMIN') return NOT_FOUND
  const followers = channel.followers.map(each =>
    each.number === who.number ? { ...each, role: 'SUBSCRIBER' as const } : each,
  )
  world.channels.put({ ...channel, followers })
  return { data: { id: channel.id } }
}

function describe(world: World, channel: Channel, { number }: User): unknown {
  const viewer = channel.followers.find(follower => follower.number === number)
  const at = String(channel.createdAt)
  return {
    id: channel.id,
    state: { type: 'ACTIVE' },
    thread_metadata: {
      creation_time: at,
      name: { id: at, text: channel.name, update_time: at },
      description: { id: at, text: channel.description, update_time: at },
      invite: channel.invite,
      handle: null,
      picture: { id: '', type: 'IMAGE', direct_path: world.pictures.of(channel.id)?.directPath ?? '' },
      preview: { id: '', type: 'PREVIEW', direct_path: '' },
      settings: { reaction_codes: { value: 'ALL' } },
      subscribers_count: String(channel.followers.length),
      verification: 'UNVERIFIED',
    },
    viewer_metadata: { mute: viewer?.muted ? 'ON' : 'OFF', role: viewer?.role ?? 'GUEST' },
  }
}
