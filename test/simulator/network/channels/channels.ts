import { clientsOf } from '../../phones/phone.ts'
import type { User } from '../../store/people/users.ts'
import type { Channel, ChannelRole, Post } from '../../store/social/channels.ts'
import type { World } from '../../store/world.ts'
import { seconds, stanza } from '../../wire/stanza.ts'
import type { Network } from '../network.ts'

const ID_BYTES = 8
const CODE_BYTES = 16

export function roleIn({ followers }: Channel, number: string): ChannelRole | undefined {
  return followers.find(follower => follower.number === number)?.role
}

/** True for who may publish and change the channel. */
export function runs(channel: Channel, number: string): boolean {
  const role = roleIn(channel, number)
  return role === 'OWNER' || role === 'ADMIN'
}

export function createChannel(
  { world }: Network,
  owner: User,
  { name, description }: { name: string; description: string },
): Channel {
  const digits = String(world.random.bytes(6).readUIntBE(0, 6) % 10 ** 12).padStart(12, '0')
  return world.channels.put({
    id: `120363${digits}@newsletter`,
    name,
    description,
    createdAt: Math.floor(world.now().getTime() / 1000),
    invite: world.random.bytes(CODE_BYTES).toString('base64url'),
    followers: [{ number: owner.number, role: 'OWNER', muted: false }],
  })
}

/** Follows a channel, or no longer; its owner stays. */
export function follow(
  world: World,
  channel: Channel,
  { number, on }: { number: string; on: boolean },
): Channel {
  const role = roleIn(channel, number)
  if (on === (role !== undefined) || role === 'OWNER') return channel
  const others = channel.followers.filter(follower => follower.number !== number)
  const followers = on ? [...others, { number, role: 'SUBSCRIBER' as const, muted: false }] : others
  return world.channels.put({ ...channel, followers })
}

/** Takes a post to every linked device of the followers; the same id again is the same post. */
export function publish(
  { world, delivery }: Network,
  channel: Channel,
  { id, type, message, except }: { id: string; type: string; message: Uint8Array; except?: string },
): Post {
  const at = Math.floor(world.now().getTime() / 1000)
  const { post, isNew } = world.channels.publish(channel.id, { id, type, message, at })
  if (!isNew) return post
  const attributes = { from: channel.id, id, server_id: String(post.serverId), type, t: String(at) }
  const node = stanza('message', attributes, [stanza('plaintext', {}, Buffer.from(message))])
  for (const { number } of channel.followers) {
    for (const mailbox of clientsOf(world, number)) {
      if (`${mailbox.number}:${mailbox.device}` !== except) delivery.enqueue(mailbox, 'message', node)
    }
  }
  return post
}

/** Reacts to a post, or takes the reaction back; the followers' devices hear of it. */
export function react(
  { world, delivery }: Network,
  channel: Channel,
  { number, post, code }: { number: string; post: Post; code: string | undefined },
): void {
  const { [number]: _, ...others } = post.reactions
  world.channels.react(channel.id, post.serverId, code === undefined ? others : { ...others, [number]: code })
  const content = code === undefined ? [] : [stanza('reaction', {}, Buffer.from(code))]
  const reaction = stanza('reaction', { message_id: String(post.serverId) }, content)
  const attributes = {
    from: channel.id,
    type: 'newsletter',
    id: world.random.hex(ID_BYTES),
    t: seconds(world.now()),
  }
  for (const follower of channel.followers) {
    for (const mailbox of clientsOf(world, follower.number)) {
      delivery.enqueue(mailbox, 'notification', stanza('notification', attributes, [reaction]))
    }
  }
}
