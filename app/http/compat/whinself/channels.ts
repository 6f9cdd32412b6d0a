import { whinselfContent } from '../../../deliveries/formats/whinself-message.ts'
import type { Channel, ChannelId, Post } from '../../../model/channel.ts'
import { contentJson } from '../../../model/message-event.ts'
import type { Social } from '../../../whatsapp/social/social.ts'
import { type Answer, invalid, json, type Parsed, parsed, problem } from '../../answer.ts'
import { authorize, couldAllow, type Resource } from '../../authorize.ts'
import { type Call, param } from '../../hop/call.ts'
import type { Route } from '../../routes/route.ts'
import { isJpeg, readPicture } from '../../routes/social/picture.ts'
import { act, ask, type SocialDeps } from '../../routes/social/whatsapp.ts'
import { bodyReader } from '../../schemas/body.ts'
import { admitted, asked, fromAPage, sentence, whinselfRoute } from './asking.ts'
import { channelMetadata } from './channel-metadata.ts'
import { readForm } from './form.ts'
import { CHANNEL_SCHEMA, NEW_CHANNEL_SCHEMA, NOTHING_SCHEMA, POSTS_SCHEMA, UPDATES_SCHEMA } from './schema.ts'

const READ = 'channels.read'
const WRITE = 'channels.write'
const DEFAULT_COUNT = 50
const MAX_COUNT = 200

type NamedQuery = { readonly channel?: string; readonly jid?: string }
type PostsQuery = {
  readonly channelJID: string
  readonly count?: string
  readonly before?: string
  readonly since?: string
  readonly after?: string
}
type NewBody = {
  readonly name: string
  readonly description?: string
  readonly picture?: { readonly b64: string }
}

const readNothing = bodyReader<object>(NOTHING_SCHEMA)
const readNamed = bodyReader<NamedQuery>(CHANNEL_SCHEMA)
const readPosts = bodyReader<PostsQuery>(POSTS_SCHEMA)
const readUpdates = bodyReader<PostsQuery>(UPDATES_SCHEMA)
const readNew = bodyReader<NewBody>(NEW_CHANNEL_SCHEMA)

/** Channels: made, followed, read. */
export function whinselfChannelRoutes(deps: SocialDeps): readonly Route[] {
  return [
    whinselfRoute('post newchannel', WRITE, call => create(call, deps)),
    { ...whinselfRoute('post updatechannellogo', WRITE, call => logo(call, deps)), body: 'raw' },
    whinselfRoute('get getchannelinfo', READ, call => show(call, deps)),
    whinselfRoute('get following', READ, call => following(call, deps)),
    whinselfRoute('get follow', WRITE, call => follow(call, true, deps)),
    whinselfRoute('get unfollow', WRITE, call => follow(call, false, deps)),
    whinselfRoute('get getnewslettermessages', READ, call => posts(call, readPosts, deps)),
    whinselfRoute('get getnewslettermessageupdates', READ, call => posts(call, readUpdates, deps)),
  ]
}

async function create(call: Call, deps: SocialDeps): Promise<Answer> {
  const body = await asked(call, { read: readNew, action: WRITE }, deps)
  if (body.kind === 'problem') return body
  const { name, description = '', picture: given } = body.value
  const picture = readPicture(given?.b64)
  if (picture.kind === 'problem') return invalid('$.picture.b64', 'must be a JPEG in base64')
  const deed = { action: WRITE, detail: { operation: 'create' } }
  const made = await act<Channel | undefined>(
    call,
    {
      deed,
      async question({ channels }) {
        const id = await channels.create({ name, description })
        if (picture.value) await channels.setPicture(id, picture.value)
        return await channels.get(id)
      },
    },
    deps,
  )
  return told(made)
}

/** A form: nobody's is read who may change no channel at all. */
async function logo(call: Call, deps: SocialDeps): Promise<Answer> {
  const account = param(call, 'account')
  if (!couldAllow(call, WRITE, { account }))
    return (await authorize(call, WRITE, { account }, deps)) ?? NO_CHANNEL
  const form = await readForm(call.request, call.policy.snapshot.edge.limits.maxBodyBytes)
  if (form.kind === 'problem') return form
  const { fields, file } = form.value
  const text = fields.channelJID ?? ''
  const refused = await admitted(call, WRITE, { account, ...touched(text) }, deps)
  if (refused !== undefined) return refused
  const channel = channelOf(text, 'channelJID')
  if (channel.kind === 'problem') return channel
  if (file === undefined || !isJpeg(file)) return invalid('picture', 'must be a JPEG')
  const deed = { action: WRITE, target: channel.value, detail: { operation: 'change', members: ['picture'] } }
  const question = ({ channels }: Social) => channels.setPicture(channel.value, file)
  const done = await act(call, { deed, question }, deps)
  return done.kind === 'problem' ? done : sentence('Channel logo updated.')
}

async function show(call: Call, deps: SocialDeps): Promise<Answer> {
  const channel = await named(call, READ, deps)
  if (channel.kind === 'problem') return channel
  return told(await ask(call, deps, ({ channels }) => channels.get(channel.value)))
}

async function following(call: Call, deps: SocialDeps): Promise<Answer> {
  const allowed = await asked(call, { read: readNothing, action: READ }, deps)
  if (allowed.kind === 'problem') return allowed
  const found = await ask(call, deps, ({ channels }) => channels.list())
  return found.kind === 'problem' ? found : json(found.value.map(channelMetadata))
}

async function follow(call: Call, on: boolean, deps: SocialDeps): Promise<Answer> {
  const refused = fromAPage(call)
  if (refused !== undefined) return refused
  const channel = await named(call, WRITE, deps)
  if (channel.kind === 'problem') return channel
  const deed = { action: WRITE, target: channel.value, detail: { operation: on ? 'follow' : 'unfollow' } }
  const done = await act(call, { deed, question: ({ channels }) => channels.follow(channel.value, on) }, deps)
  if (done.kind === 'problem') return done
  return sentence(on ? 'Subscription enabled.' : 'Subscription terminated.')
}

/** Updates are what stands at the posts now: their reactions, of those after one or after an instant. */
async function posts(call: Call, read: typeof readPosts, deps: SocialDeps): Promise<Answer> {
  const touches = ({ channelJID }: PostsQuery) => touched(channelJID)
  const query = await asked(call, { read, action: READ, touches }, deps)
  if (query.kind === 'problem') return query
  const { channelJID, count, before, since, after } = query.value
  const channel = channelOf(channelJID, '$.channelJID')
  if (channel.kind === 'problem') return channel
  const limit = Math.min(Number(count ?? DEFAULT_COUNT), MAX_COUNT)
  const range = { limit, ...(before === undefined ? {} : { before: Number(before) }) }
  const found = await ask(call, deps, ({ channels }) => channels.posts(channel.value, range))
  if (found.kind === 'problem') return found
  const from = since === undefined ? undefined : new Date(since)
  const wanted = found.value.filter(
    ({ serverId, at }) =>
      (after === undefined || serverId > Number(after)) && (from === undefined || (at ?? from) > from),
  )
  return json(wanted.map(postJson))
}

function postJson({ serverId, messageId, at, content, reactions }: Post): object {
  return {
    MessageServerID: serverId,
    MessageID: messageId ?? '',
    Timestamp: at?.toISOString() ?? null,
    ReactionCounts: reactions,
    Message: content === undefined ? {} : whinselfContent(contentJson(content)),
  }
}

/** The channel that the query names in one of its two ways. */
async function named(call: Call, action: string, deps: SocialDeps): Promise<Parsed<ChannelId>> {
  const textOf = ({ channel, jid = '' }: NamedQuery) => channel ?? jid
  const touches = (query: NamedQuery) => touched(textOf(query))
  const query = await asked(call, { read: readNamed, action, touches }, deps)
  return query.kind === 'problem' ? query : channelOf(textOf(query.value), '$.channel')
}

function touched(text: string): Resource {
  return { to: withServer(text), recipientKind: 'channel' }
}

function channelOf(text: string, path: string): Parsed<ChannelId> {
  const id = withServer(text)
  return /^\d{5,31}@newsletter$/.test(id)
    ? parsed(id)
    : invalid(path, 'must be the id of a channel: …@newsletter')
}

/** The digits alone do as well. */
function withServer(text: string): string {
  return /^\d+$/.test(text) ? `${text}@newsletter` : text
}

function told(channel: Parsed<Channel | undefined>): Answer {
  if (channel.kind === 'problem') return channel
  return channel.value === undefined ? NO_CHANNEL : json(channelMetadata(channel.value))
}

const NO_CHANNEL = problem('not-found', 'There is no channel of this id.')
