/** What an account sets about a chat for itself; its phone and all its devices have it so. */
export type ChatSettings = {
  readonly archived: boolean
  readonly pinned: boolean
  /** `false`: marked as unread, whatever receipts say. */
  readonly read: boolean
  /** Null: not muted. */
  readonly mutedUntil: Date | null
  /** Messages of both sides disappear after so long; 0: they stay. The other side is told. */
  readonly ephemeralSeconds: number
}

export const TYPING = ['composing', 'recording', 'paused'] as const

/** What the account is seen doing in a chat. */
export type Typing = (typeof TYPING)[number]

/** The times after which WhatsApp lets messages disappear: never, a day, a week, ninety days. */
export const EPHEMERAL_SECONDS = [0, 86_400, 604_800, 7_776_000] as const
