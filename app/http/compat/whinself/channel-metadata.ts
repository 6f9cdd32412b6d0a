import type { Channel } from '../../../model/channel.ts'

const ROLES = { owner: 'owner', admin: 'admin', follower: 'subscriber', guest: 'guest' } as const

/** A channel in the words of the library that Whinself is made with. */
export function channelMetadata(channel: Channel): object {
  const { id, name, description, invite, followerCount, createdAt, isVerified, role, isMuted } = channel
  return {
    id,
    thread_metadata: {
      name: { text: name },
      description: { text: description },
      invite: invite ?? '',
      subscribers_count: String(followerCount ?? 0),
      creation_time: String(Math.floor((createdAt?.getTime() ?? 0) / 1_000)),
      verification: isVerified ? 'verified' : 'unverified',
    },
    viewer_metadata: { role: ROLES[role], mute: isMuted ? 'on' : 'off' },
  }
}
