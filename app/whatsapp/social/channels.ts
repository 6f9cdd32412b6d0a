import {
  type BinaryNode,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  proto,
  S_WHATSAPP_NET,
  type WASocket,
} from '@whiskeysockets/baileys'
import type { Channel, ChannelId, Post } from '../../model/channel.ts'
import { contentOf } from '../inbound/content.ts'
import type { LidLookup } from '../translate.ts'
import { instantOf } from './people.ts'
import type { SocialDeps } from './social.ts'

export type ChannelSettings = { readonly name: string; readonly description: string }

/** How much of a channel is looked at: so many posts, the latest or those before one. */
export type PostRange = { readonly limit: number; readonly before?: number }

export type Channels = {
  /** All that the account follows or runs. */
  list(): Promise<readonly Channel[]>
  get(channel: ChannelId): Promise<Channel | undefined>
  /** By what its link ends with. */
  invited(code: string): Promise<Channel | undefined>
  create(settings: ChannelSettings): Promise<ChannelId>
  change(channel: ChannelId, settings: Partial<ChannelSettings>): Promise<void>
  /** A JPEG, as it is. */
  setPicture(channel: ChannelId, jpeg: Uint8Array): Promise<void>
  remove(channel: ChannelId): Promise<void>
  follow(channel: ChannelId, on: boolean): Promise<void>
  mute(channel: ChannelId, on: boolean): Promise<void>
  /** The latest first. */
  posts(channel: ChannelId, range: PostRange): Promise<readonly Post[]>
}

/** The number of WhatsApp's query for the channels of an account, which the library does not know. */
const SUBSCRIBED = '6388546374527196'
const SUBSCRIBED_PATH = 'xwa2_newsletter_subscribed'

const ROLES: Readonly<Record<string, Channel['role']>> = {
  OWNER: 'owner',
  ADMIN: 'admin',
  SUBSCRIBER: 'follower',
}

export function createChannels(deps: SocialDeps): Channels {
  const { sock } = deps
  return {
    list: async () => (await subscribed(sock)).flatMap(channelOf),
    get: async channel => channelOf(await sock.newsletterMetadata('jid', channel))[0],
    invited: async code => channelOf(await sock.newsletterMetadata('invite', code))[0],
    create: async ({ name, description }) => (await sock.newsletterCreate(name, description)).id,
    async change(channel, { name, description }) {
      if (name !== undefined) await sock.newsletterUpdateName(channel, name)
      if (description !== undefined) await sock.newsletterUpdateDescription(channel, description)
    },
    // The library's own way would draw the picture anew, with packages that are not part of the appliance.
    async setPicture(channel, jpeg) {
      await sock.newsletterUpdate(channel, { picture: Buffer.from(jpeg).toString('base64') })
    },
    remove: channel => sock.newsletterDelete(channel),
    async follow(channel, on) {
      await (on ? sock.newsletterFollow(channel) : sock.newsletterUnfollow(channel))
    },
    async mute(channel, on) {
      await (on ? sock.newsletterMute(channel) : sock.newsletterUnmute(channel))
    },
    posts: (channel, range) => posts(deps, channel, range),
  }
}

async function subscribed(sock: WASocket): Promise<readonly unknown[]> {
  const attrs = { to: S_WHATSAPP_NET, type: 'get', xmlns: 'w:mex' }
  const variables = Buffer.from(JSON.stringify({ variables: {} }))
  const query = { tag: 'query', attrs: { query_id: SUBSCRIBED }, content: variables }
  const answer: BinaryNode = await sock.query({ tag: 'iq', attrs, content: [query] })
  const { content } = getBinaryNodeChild(answer, 'result') ?? {}
  if (!(content instanceof Uint8Array)) return []
  const { data } = JSON.parse(Buffer.from(content).toString()) as { data?: Record<string, unknown> | null }
  const found = data?.[SUBSCRIBED_PATH]
  return Array.isArray(found) ? found : []
}

async function posts(
  { sock, lookup }: SocialDeps,
  channel: ChannelId,
  { limit, before }: PostRange,
): Promise<readonly Post[]> {
  const range = { count: String(limit), ...(before === undefined ? {} : { before: String(before) }) }
  const wanted = { tag: 'messages', attrs: { type: 'jid', jid: channel, ...range } }
  const attrs = { to: S_WHATSAPP_NET, type: 'get', xmlns: 'newsletter' }
  const answer: BinaryNode = await sock.query({ tag: 'iq', attrs, content: [wanted] })
  const nodes = getBinaryNodeChildren(getBinaryNodeChild(answer, 'messages'), 'message')
  return (await Promise.all(nodes.map(node => postOf(node, lookup)))).reverse()
}

async function postOf(node: BinaryNode, lookup: LidLookup): Promise<Post> {
  const { attrs } = node
  const { content: plain } = getBinaryNodeChild(node, 'plaintext') ?? {}
  const said = plain instanceof Uint8Array ? proto.Message.decode(plain) : undefined
  const content = await contentOf(said, lookup)
  const at = instantOf(attrs.t)
  const reactions = getBinaryNodeChildren(getBinaryNodeChild(node, 'reactions'), 'reaction')
  return {
    serverId: Number(attrs.server_id),
    ...(attrs.id === undefined ? {} : { messageId: attrs.id }),
    ...(at === undefined ? {} : { at }),
    ...(content === undefined ? {} : { content }),
    reactions: Object.fromEntries(
      reactions.map(reaction => [reaction.attrs.code ?? '', Number(reaction.attrs.count)]),
    ),
  }
}

/** The server's description in JSON; its parts come and go, so each is looked at. */
type Described = {
  readonly id?: string
  readonly thread_metadata?: {
    readonly name?: { readonly text?: string }
    readonly description?: { readonly text?: string }
    readonly invite?: string
    readonly subscribers_count?: string
    readonly creation_time?: string
    readonly verification?: string
  } | null
  readonly viewer_metadata?: { readonly mute?: string; readonly role?: string } | null
}

/** Of nothing, nothing. */
function channelOf(described: unknown): readonly Channel[] {
  if (typeof described !== 'object' || described === null) return []
  const { id, thread_metadata: thread, viewer_metadata: viewer } = described as Described
  if (id === undefined) return []
  const followerCount = Number(thread?.subscribers_count)
  const createdAt = instantOf(thread?.creation_time)
  return [
    {
      id,
      name: thread?.name?.text ?? '',
      description: thread?.description?.text ?? '',
      isVerified: thread?.verification === 'VERIFIED',
      role: ROLES[viewer?.role ?? ''] ?? 'guest',
      isMuted: viewer?.mute === 'ON',
      ...(thread?.invite ? { invite: thread.invite } : {}),
      ...(Number.isInteger(followerCount) ? { followerCount } : {}),
      ...(createdAt === undefined ? {} : { createdAt }),
    },
  ]
}
