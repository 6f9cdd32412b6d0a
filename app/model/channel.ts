import type { MessageContent } from './message.ts'

/** `…@newsletter` */
export type ChannelId = string

/** A channel as the account sees it. */
export type Channel = {
  readonly id: ChannelId
  readonly name: string
  readonly description: string
  /** What its link ends with: `https://whatsapp.com/channel/…`. */
  readonly invite?: string
  readonly followerCount?: number
  readonly createdAt?: Date
  readonly isVerified: boolean
  readonly role: 'owner' | 'admin' | 'follower' | 'guest'
  readonly isMuted: boolean
}

/** Something published in a channel. `serverId` counts within the channel. */
export type Post = {
  readonly serverId: number
  readonly messageId?: string
  readonly at?: Date
  readonly content?: MessageContent
  readonly reactions: Readonly<Record<string, number>>
}
