import type { Account, Link, LinkMethod } from '../model/account.ts'

/** What is asked for when an account is to be linked; a code is for one phone number. */
export type LinkRequest = { readonly method: LinkMethod; readonly phone?: string }

/** `unavailable`: there is nothing to show, and `reason` says why. */
export type LinkOutcome =
  | { readonly kind: 'started'; readonly link: Link }
  | { readonly kind: 'already-linked' }
  | { readonly kind: 'unknown-account' }
  | { readonly kind: 'unavailable'; readonly reason: string }

/** What an operation on an account came to. */
export type AccountOutcome =
  | { readonly kind: 'done'; readonly account: Account }
  | { readonly kind: 'unknown-account' }
  | { readonly kind: 'wrong-state'; readonly reason: string }
