import type { Around } from './around.ts'

/** What can be received and not sent: what businesses and WhatsApp's own features write. */
export type ReceivedContent =
  | GroupInviteContent
  | EventContent
  | InteractiveContent
  | OrderContent
  | ProductContent
  | AlbumContent

/** An invitation to a group that its recipient alone can take up. */
export type GroupInviteContent = Around & {
  readonly type: 'group_invite'
  readonly group_invite: {
    readonly group: string
    readonly name: string
    readonly code: string
    readonly caption?: string
    readonly expires_at?: string
  }
}

/** A date for the members of a chat. */
export type EventContent = Around & {
  readonly type: 'event'
  readonly event: {
    readonly name: string
    readonly description?: string
    readonly starts_at?: string
    readonly ends_at?: string
    readonly location?: { readonly name?: string; readonly address?: string }
    readonly link?: string
    readonly cancelled: boolean
  }
}

/** Words with things to press, or what somebody has pressed. */
export type InteractiveContent = Around & {
  readonly type: 'interactive'
  readonly interactive: {
    readonly type: 'offer' | 'button_reply' | 'list_reply' | 'flow_reply'
    readonly header?: string
    readonly body?: string
    readonly footer?: string
    /** What is offered. */
    readonly options?: readonly Choice[]
    /** What was chosen. */
    readonly reply?: Choice
  }
}

export type Choice = {
  readonly id?: string
  readonly title: string
  readonly description?: string
}

export type OrderContent = Around & {
  readonly type: 'order'
  readonly order: {
    readonly order_id: string
    readonly title?: string
    readonly text?: string
    readonly item_count: number
    readonly total?: number
    readonly currency?: string
  }
}

export type ProductContent = Around & {
  readonly type: 'product'
  readonly product: {
    readonly product_id: string
    readonly title?: string
    readonly description?: string
    readonly price?: number
    readonly currency?: string
    readonly url?: string
    readonly business?: string
  }
}

/** Says that pictures of one album follow. */
export type AlbumContent = Around & {
  readonly type: 'album'
  readonly album: { readonly images: number; readonly videos: number }
}
