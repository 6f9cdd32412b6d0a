import type { Around } from './around.ts'

/** An answer in one emoji; an empty one takes it back. */
export type ReactionContent = Around & {
  readonly type: 'reaction'
  readonly reaction: { readonly message_id: string; readonly emoji: string }
}

/** Other words for a message of one's own. */
export type EditContent = Around & {
  readonly type: 'edit'
  readonly edit: { readonly message_id: string; readonly body: string }
}

/** Takes a message back from everybody. */
export type RevokeContent = Around & {
  readonly type: 'revoke'
  readonly revoke: { readonly message_id: string }
}

export type PinContent = Around & {
  readonly type: 'pin'
  /** `seconds`: how long it stays pinned. */
  readonly pin: { readonly message_id: string; readonly pinned: boolean; readonly seconds?: number }
}

/** The chat's timer for later messages; 0: they stay. */
export type EphemeralContent = Around & {
  readonly type: 'ephemeral'
  readonly ephemeral: { readonly seconds: number }
}

/** What is about another message, by the word for it. */
export const GESTURES = ['reaction', 'edit', 'revoke', 'pin'] as const
export type GestureType = (typeof GESTURES)[number]
