import type { Channel, Post } from '../../store/social/channels.ts'
import { bytesOf, child, type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import type { LoggedIn } from '../client.ts'
import { BAD_REQUEST, type IqContext, type IqOutcome, type IqTable, result } from '../iq/table.ts'
import type { EnvelopeRefusal } from '../messages/envelope.ts'
import type { Network } from '../network.ts'
import { publish, react, roleIn, runs } from './channels.ts'

const FORBIDDEN = 403
const NOT_FOUND = 404
const DEFAULT_COUNT = 50
const LIVE_SECONDS = '300'

/** The posts of a channel, and the wish to hear of reactions and views at once. */
export const channelIqs: IqTable = {
  'newsletter get message_updates': list,
  'newsletter get messages': list,
  'newsletter set live_updates': ({ network, iq }) =>
    network.world.channels.get(iq.attrs.to ?? '') === undefined
      ? { kind: 'error', code: NOT_FOUND, text: 'item-not-found' }
      : result(stanza('live_updates', { duration: LIVE_SECONDS })),
}

/** Takes what a device sends to a channel: a post of somebody who runs it, or a reaction of a follower. */
export function passToChannel(
  network: Network,
  { user, device }: LoggedIn,
  node: Stanza,
): EnvelopeRefusal | undefined {
  const { id, to = '', type } = node.attrs
  const channel = network.world.channels.get(to)
  if (!id || !type) return malformed('a message to a channel without id or type')
  if (channel === undefined) return refused(NOT_FOUND, `there is no channel ${to}`)
  if (type === 'reaction') return takeReaction(network, channel, { number: user.number, node })
  const message = bytesOf(node, 'plaintext')
  if (message === undefined) return malformed(`post ${id} is not in plain text`)
  if (!runs(channel, user.number)) return refused(FORBIDDEN, `+${user.number} does not run ${to}`)
  publish(network, channel, { id, type, message, except: `${user.number}:${device.id}` })
  return undefined
}

function takeReaction(
  network: Network,
  channel: Channel,
  { number, node }: { number: string; node: Stanza },
): EnvelopeRefusal | undefined {
  const post = network.world.channels.post(channel.id, Number(node.attrs.server_id))
  if (roleIn(channel, number) === undefined)
    return refused(FORBIDDEN, `+${number} does not follow ${channel.id}`)
  if (post === undefined) return refused(NOT_FOUND, `there is no post ${node.attrs.server_id}`)
  react(network, channel, { number, post, code: child(node, 'reaction')?.attrs.code })
  return undefined
}

function list({ network: { world }, iq, request }: IqContext): IqOutcome {
  const channel = world.channels.get(request?.attrs.jid ?? iq.attrs.to ?? '')
  if (request === undefined) return BAD_REQUEST
  if (channel === undefined) return { kind: 'error', code: NOT_FOUND, text: 'item-not-found' }
  const { count, since, after, before } = request.attrs
  const wanted = world.channels
    .posts(channel.id)
    .filter(({ serverId, at }) => serverId > Number(after ?? 0) && at >= Number(since ?? 0))
    .filter(({ serverId }) => before === undefined || serverId < Number(before))
    .slice(-Number(count ?? DEFAULT_COUNT))
  const messages = stanza('messages', { jid: channel.id, t: seconds(world.now()) }, wanted.map(showPost))
  return result(request.tag === 'messages' ? messages : stanza('message_updates', {}, [messages]))
}

function showPost({ serverId, id, type, at, message, reactions }: Post): Stanza {
  const counts = new Map<string, number>()
  for (const code of Object.values(reactions)) counts.set(code, (counts.get(code) ?? 0) + 1)
  const reacted = [...counts].map(([code, count]) => stanza('reaction', { code, count: String(count) }))
  return stanza('message', { server_id: String(serverId), id, type, t: String(at) }, [
    stanza('plaintext', {}, Buffer.from(message)),
    ...(reacted.length === 0 ? [] : [stanza('reactions', {}, reacted)]),
  ])
}

function refused(error: number, detail: string): EnvelopeRefusal {
  return { kind: 'refused', error, detail }
}

function malformed(detail: string): EnvelopeRefusal {
  return { kind: 'refused', violation: 'malformed-stanza', detail }
}
