/** Where an account stands. `unlinked` has no device; `logged_out` had one that WhatsApp took away. */
export type AccountState = 'unlinked' | 'pairing' | 'connecting' | 'open' | 'closed' | 'logged_out' | 'paused'

/** Three separate questions, because "connected" alone has hidden deaf sessions. */
export type AccountHealth = {
  readonly connected: boolean
  readonly receiving: boolean
  readonly sending: boolean
}

export type Account = {
  readonly name: string
  readonly displayName?: string
  /** E.164 with `+`, once linked. */
  readonly phone?: string
  readonly state: AccountState
  readonly health: AccountHealth
  readonly lastStanzaAt?: Date
  /** How far WhatsApp's clock is ahead of ours (behind when negative), once it has said so. */
  readonly clockAheadMs?: number
  /** Why it is not open, in one sentence for people. */
  readonly reason?: string
}

export type LinkMethod = 'qr' | 'code'

/** One attempt to link an account to a phone. */
export type Link = {
  readonly state: 'waiting' | 'scanned' | 'done' | 'expired' | 'failed'
  readonly qr?: string
  readonly code?: string
  readonly expiresAt: Date
  readonly reason?: string
}
