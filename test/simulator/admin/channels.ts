import { proto } from '@whiskeysockets/baileys'
import { createChannel, follow, publish, roleIn, runs } from '../network/channels/channels.ts'
import { readContent, writeContent } from '../phones/content.ts'
import { readerOf } from '../phones/receiving/reader.ts'
import type { Channel, Post } from '../store/social/channels.ts'
import type { World } from '../store/world.ts'
import { AdminError, readBody } from './body.ts'
import { userOf } from './destination.ts'
import { phoneOf } from './phones.ts'
import type { AdminRequest, AdminRoutes } from './routes.ts'

const ID_BYTES = 16

/** Channels, and what people do with them on their phones. */
export const channelRoutes: AdminRoutes = {
  'GET /channels': ({ network }) => ({ data: network.world.channels.list().map(showChannel) }),
  'POST /channels': async ({ network, body }) => {
    const asked = readBody(body, { creator: 'string', name: 'string', description: 'string?' })
    const { name, description = '' } = asked
    const channel = createChannel(network, userOf(network.world, asked.creator, 'creator'), {
      name,
      description,
    })
    await network.world.db.committed()
    return showChannel(channel)
  },
  'GET /channels/{channel}': request => showChannel(channelOf(request)),
  'GET /channels/{channel}/posts': request => {
    const { world } = request.network
    const channel = channelOf(request)
    return { data: world.channels.posts(channel.id).map(post => showPost(world, channel, post)) }
  },
  'POST /channels/{channel}/posts': addPost,
  'POST /phones/{number}/follow': async request => {
    const { channel: id, on } = readBody(request.body, { channel: 'string', on: 'boolean?' })
    const { world } = request.network
    const { number } = phoneOf(request)
    const channel = follow(world, channelNamed(world, id), { number, on: on ?? true })
    await world.db.committed()
    return showChannel(channel)
  },
}

function channelOf({ network, path }: AdminRequest): Channel {
  return channelNamed(network.world, path.channel ?? '')
}

function channelNamed(world: World, id: string): Channel {
  const channel = world.channels.get(id.includes('@') ? id : `${id}@newsletter`)
  if (channel === undefined) throw new AdminError(404, `there is no channel ${id}; GET /channels lists them`)
  return channel
}

/** What a post can be; files are for encrypted chats. */
const POSTED: readonly string[] = ['text', 'poll']

/** Publishes as the channel's owner, or as `by`. */
async function addPost(request: AdminRequest): Promise<unknown> {
  const { network, body } = request
  const { world } = network
  const asked = readBody(body, { by: 'string?', type: 'string', text: 'any?', poll: 'any?' })
  const channel = channelOf(request)
  const owner = channel.followers.find(({ role }) => role === 'OWNER')?.number ?? ''
  const author = userOf(world, asked.by ?? owner, 'by')
  if (!runs(channel, author.number)) throw new AdminError(403, `+${author.number} does not run ${channel.id}`)
  const { type } = asked
  if (!POSTED.includes(type)) throw new AdminError(400, '`type` must be text or poll')
  const chat = { jid: channel.id, by: 'pn', isGroup: false, account: author.number } as const
  const wording = { type, member: type === 'text' ? asked.text : asked.poll, around: {} }
  const message = writeContent(wording, network.phones.writer(author, chat))
  if (typeof message === 'string') throw new AdminError(400, message)
  const bytes = proto.Message.encode(message).finish()
  const post = publish(network, channel, { id: world.random.hex(ID_BYTES), type, message: bytes })
  await world.db.committed()
  return { id: post.id, server_id: post.serverId }
}

function showChannel(channel: Channel): unknown {
  const { id, name, description, invite, followers } = channel
  const shown = followers.map(({ number, muted }) => ({
    number: `+${number}`,
    role: roleIn(channel, number)?.toLowerCase(),
    muted,
  }))
  return { id, name, description, invite, followers: shown }
}

function showPost(world: World, channel: Channel, { serverId, id, at, message, reactions }: Post): unknown {
  const owner = world.users.get(channel.followers[0]?.number ?? '')
  const decoded = proto.Message.decode(message)
  const { type, content, around } =
    owner === undefined
      ? { type: 'unsupported', content: {}, around: {} }
      : readContent(decoded, readerOf(world, owner, owner))
  const reacted = Object.fromEntries(Object.entries(reactions).map(([number, code]) => [`+${number}`, code]))
  return {
    server_id: serverId,
    id,
    type,
    [type]: content,
    ...around,
    reactions: reacted,
    at: new Date(at * 1000).toISOString(),
  }
}
