import { setTimeout as sleep } from 'node:timers/promises'
import { type Backoff, backoffMs } from '../lib/backoff.ts'
import type { Log } from '../lib/log.ts'
import type { AccountPolicy } from '../policy/snapshot.ts'
import { Session, type SessionDeps } from './session/session.ts'
import { wordsOf } from './socket/library-log.ts'

export type RosterDeps = Omit<SessionDeps, 'account' | 'policy' | 'onOpen'> & {
  /** The accounts of the policy in force. */
  readonly accounts: () => ReadonlyMap<string, AccountPolicy>
  readonly log: Log
}

/** For what is stored of an account, when a disk did not give it. */
const AGAIN: Backoff = { baseMs: 1_000, maxMs: 60_000 }

/** One session an account of the policy in force, made when it is first asked for. */
export class Roster {
  readonly #deps: RosterDeps
  readonly #sessions = new Map<string, Session>()
  readonly #listeners: ((account: string) => void)[] = []
  /** The last session of each account that the policy has taken away: settled once it is over. */
  readonly #ending = new Map<string, Promise<void>>()
  readonly #stopping = new AbortController()
  #started = false

  constructor(deps: RosterDeps) {
    this.#deps = deps
  }

  get names(): readonly string[] {
    return [...this.#deps.accounts().keys()]
  }

  /** Undefined for an account that the policy does not name. */
  find(name: string): Session | undefined {
    if (!this.#deps.accounts().has(name)) return undefined
    const known = this.#sessions.get(name)
    if (known !== undefined) return known
    const session = this.#build(name)
    this.#sessions.set(name, session)
    if (this.#started) void this.#begin(name, session) // an account that came with a later policy
    return session
  }

  onOpen(listener: (account: string) => void): void {
    this.#listeners.push(listener)
  }

  async start(): Promise<void> {
    for (const name of this.names) this.find(name)
    this.#started = true
    await Promise.all([...this.#sessions].map(([name, session]) => this.#begin(name, session)))
  }

  /** Begins with accounts that are new in the policy in force, and ends those that it names no more. Their devices stay. */
  async followPolicy(): Promise<void> {
    if (!this.#started) return
    for (const name of this.names) this.find(name)
    const accounts = this.#deps.accounts()
    const gone = [...this.#sessions].filter(([name]) => !accounts.has(name))
    for (const [name, session] of gone) {
      this.#sessions.delete(name)
      this.#ending.set(name, this.#end(session, this.#ending.get(name)))
    }
    await Promise.all(this.#ending.values())
  }

  async #end(session: Session, before: Promise<void> | undefined): Promise<void> {
    await before
    await session.stop().catch((error: unknown) => {
      this.#deps.log.error('account.not_stopped', { account: session.view().name, reason: wordsOf(error) })
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([...this.#sessions.values()].map(session => session.stop()))
    await Promise.all(this.#ending.values())
  }

  /**
   * One account that cannot be read must not keep the others from starting; what may pass is tried again. An account
   * that has come back to the policy waits for the end of the session that it had.
   */
  async #begin(account: string, session: Session, attempt = 0): Promise<void> {
    await this.#ending.get(account)
    if (!this.#isWanted(account, session)) return
    const started = await session.start()
    if (started.kind === 'started') return
    const { reason, again } = started
    this.#deps.log.error('account.not_started', { account, reason, again })
    if (again) void this.#beginLater(account, session, attempt)
  }

  async #beginLater(account: string, session: Session, attempt: number): Promise<void> {
    const { signal } = this.#stopping
    await sleep(backoffMs(attempt, AGAIN, this.#deps.random), undefined, { signal }).catch(() => {})
    if (this.#isWanted(account, session)) await this.#begin(account, session, attempt + 1)
  }

  #isWanted(account: string, session: Session): boolean {
    return !this.#stopping.signal.aborted && this.#sessions.get(account) === session
  }

  #build(account: string): Session {
    const { accounts, ...deps } = this.#deps
    const onOpen = (opened: string) => {
      for (const listener of this.#listeners) listener(opened)
    }
    return new Session({ ...deps, account, policy: () => accounts().get(account), onOpen })
  }
}
