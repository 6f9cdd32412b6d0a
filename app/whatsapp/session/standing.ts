import type { AccountState } from '../../model/account.ts'
import type { Notices } from './notices.ts'

/**
 * Where an account stands, and what the world has been told of it: `account.connected` when it opens,
 * `account.disconnected` when it no longer is, each once a change. A planned new connection is no change, and
 * `account.replaced` and `account.logged_out` say the second themselves.
 */
export class Standing {
  readonly #notices: Notices
  #state: AccountState = 'unlinked'
  #reason: string | undefined
  #isKnownOpen = false

  constructor(notices: Notices) {
    this.#notices = notices
  }

  get state(): AccountState {
    return this.#state
  }

  /** Why it stands there, in one sentence for people. */
  get reason(): string | undefined {
    return this.#reason
  }

  become(state: AccountState, reason?: string): void {
    this.#state = state
    this.#reason = reason
  }

  opened(): void {
    this.become('open')
    if (!this.#isKnownOpen) this.#notices.tell('account.connected')
    this.#isKnownOpen = true
  }

  /** Not connected any more; told if the world believes it is. */
  left(reason: string): void {
    if (this.#isKnownOpen) this.#notices.tell('account.disconnected', { reason })
    this.#isKnownOpen = false
  }

  /** The same, where another event says so. */
  leftUntold(): void {
    this.#isKnownOpen = false
  }
}
