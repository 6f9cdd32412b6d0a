import type { Channel } from '../../../model/channel.ts'
import { type Answer, invalid, json, type Parsed, problem } from '../../answer.ts'
import type { Call } from '../../hop/call.ts'
import { bodyReader } from '../../schemas/body.ts'
import { CHANNEL_LIST, POST_LIST } from '../../schemas/queries.ts'
import { queryReader } from '../../schemas/query.ts'
import {
  CHANNEL_CHANGE_SCHEMA,
  type ChannelChangeBody,
  NEW_CHANNEL_SCHEMA,
  type NewChannelBody,
} from '../../schemas/social.ts'
import { channelCodeOf, channelJson, postJson } from '../../wire/channel.ts'
import { type Route, V1_SITES } from '../route.ts'
import { channelIn, pageById, touchesChannel } from './named.ts'
import { act, ask, type SocialDeps } from './whatsapp.ts'

const CHANNELS = '/v1/accounts/:account/channels'
const ONE = `${CHANNELS}/:channel`
const FOLLOW = `${ONE}/follow`
const MESSAGES = `${ONE}/messages`
const WRITE = 'channels.write'
const readList = queryReader(CHANNEL_LIST)
const readPosts = queryReader(POST_LIST)
const readNew = bodyReader<NewChannelBody>(NEW_CHANNEL_SCHEMA)
const readChange = bodyReader<ChannelChangeBody>(CHANNEL_CHANGE_SCHEMA)

/** Channels: those the account follows or runs, what is published in them, and following. */
export function channelRoutes(deps: SocialDeps): readonly Route[] {
  const sites = V1_SITES
  const reading = { kind: 'account', action: 'channels.read' } as const
  const readingOne = { ...reading, touches: touchesChannel }
  const writing = { kind: 'account', action: WRITE } as const
  const access = { ...writing, touches: touchesChannel }
  return [
    { method: 'get', path: CHANNELS, sites, access: reading, handle: call => list(call, deps) },
    { method: 'post', path: CHANNELS, sites, access: writing, handle: call => create(call, deps) },
    { method: 'get', path: ONE, sites, access: readingOne, handle: call => show(call, deps) },
    { method: 'patch', path: ONE, sites, access, handle: call => change(call, deps) },
    { method: 'delete', path: ONE, sites, access, handle: call => remove(call, deps) },
    { method: 'get', path: MESSAGES, sites, access: readingOne, handle: call => posts(call, deps) },
    { method: 'put', path: FOLLOW, sites, access, handle: call => follow(call, true, deps) },
    { method: 'delete', path: FOLLOW, sites, access, handle: call => follow(call, false, deps) },
  ]
}

/** With `invite` the channel that a link leads to, else those of the account in the order of their ids. */
async function list(call: Call, deps: SocialDeps): Promise<Answer> {
  const query = readList(call.request)
  if (query.kind === 'problem') return query
  const { invite, ...range } = query.value
  const code = invite === undefined ? undefined : channelCodeOf(invite)
  if (invite !== undefined && code === undefined) return invalid('invite', 'must be the link of a channel')
  const found = await ask(call, deps, async ({ channels }) => {
    if (code === undefined) return await channels.list()
    const channel = await channels.invited(code)
    return channel === undefined ? [] : [channel]
  })
  if (found.kind === 'problem') return found
  const { page, next } = pageById(found.value, range)
  return json({ data: page.map(channelJson), next })
}

async function show(call: Call, deps: SocialDeps): Promise<Answer> {
  const channel = channelIn(call)
  if (channel.kind === 'problem') return channel
  return shown(await ask(call, deps, ({ channels }) => channels.get(channel.value)))
}

async function create(call: Call, deps: SocialDeps): Promise<Answer> {
  const body = readNew(call.request.body)
  if (body.kind === 'problem') return body
  const { name, description = '' } = body.value
  const made = await act(
    call,
    {
      question: async ({ channels }) => channels.get(await channels.create({ name, description })),
      deed: { action: WRITE, detail: { operation: 'create' } },
    },
    deps,
  )
  return shown(made, 201)
}

async function change(call: Call, deps: SocialDeps): Promise<Answer> {
  const channel = channelIn(call)
  if (channel.kind === 'problem') return channel
  const body = readChange(call.request.body)
  if (body.kind === 'problem') return body
  const { muted, ...settings } = body.value
  const detail = { operation: 'change', members: Object.keys(body.value) }
  const changed = await act(
    call,
    {
      deed: { action: WRITE, target: channel.value, detail },
      async question({ channels }) {
        await channels.change(channel.value, settings)
        if (muted !== undefined) await channels.mute(channel.value, muted)
        return await channels.get(channel.value)
      },
    },
    deps,
  )
  return shown(changed)
}

async function remove(call: Call, deps: SocialDeps): Promise<Answer> {
  const channel = channelIn(call)
  if (channel.kind === 'problem') return channel
  const deed = { action: WRITE, target: channel.value, detail: { operation: 'delete' } }
  const gone = await act(call, { deed, question: ({ channels }) => channels.remove(channel.value) }, deps)
  return gone.kind === 'problem' ? gone : json({ id: channel.value, deleted: true })
}

async function follow(call: Call, on: boolean, deps: SocialDeps): Promise<Answer> {
  const channel = channelIn(call)
  if (channel.kind === 'problem') return channel
  const deed = { action: WRITE, target: channel.value, detail: { operation: on ? 'follow' : 'unfollow' } }
  const done = await act(call, { deed, question: ({ channels }) => channels.follow(channel.value, on) }, deps)
  return done.kind === 'problem' ? done : json({ id: channel.value, following: on })
}

/** The latest first; the cursor is the `server_id` of the last one shown. */
async function posts(call: Call, deps: SocialDeps): Promise<Answer> {
  const channel = channelIn(call)
  if (channel.kind === 'problem') return channel
  const query = readPosts(call.request)
  if (query.kind === 'problem') return query
  const found = await ask(call, deps, ({ channels }) => channels.posts(channel.value, query.value))
  if (found.kind === 'problem') return found
  const last = found.value.length < query.value.limit ? undefined : found.value.at(-1)
  return json({
    data: found.value.map(postJson),
    next: last === undefined ? null : String(last.serverId),
  })
}

function shown(channel: Parsed<Channel | undefined>, status = 200): Answer {
  if (channel.kind === 'problem') return channel
  return channel.value === undefined
    ? problem('not-found', 'There is no channel of this id.')
    : json(channelJson(channel.value), status)
}
