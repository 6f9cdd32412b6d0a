import type { Log } from '../lib/log.ts'
import type { AccountPolicy } from '../policy/snapshot.ts'
import { Session, type SessionDeps } from './session/session.ts'
import { wordsOf } from './socket/library-log.ts'

export type RosterDeps = Omit<SessionDeps, 'account' | 'policy' | 'onOpen'> & {
  /** The accounts of the policy in force. */
  readonly accounts: () => ReadonlyMap<string, AccountPolicy>
  readonly log: Log
}

/** One session an account of the policy in force, made when it is first asked for. */
export class Roster {
  readonly #deps: RosterDeps
  readonly #sessions = new Map<string, Session>()
  readonly #listeners: ((account: string) => void)[] = []
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
    for (const [name] of gone) this.#sessions.delete(name)
    await Promise.all(gone.map(([, session]) => session.stop()))
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(session => session.stop()))
  }

  /** One account that cannot be read must not keep the others from starting. */
  async #begin(account: string, session: Session): Promise<void> {
    try {
      await session.start()
    } catch (error) {
      this.#deps.log.error('account.not_started', { account, reason: wordsOf(error) })
    }
  }

  #build(account: string): Session {
    const { accounts, ...deps } = this.#deps
    const onOpen = (opened: string) => {
      for (const listener of this.#listeners) listener(opened)
    }
    return new Session({ ...deps, account, policy: () => accounts().get(account), onOpen })
  }
}
