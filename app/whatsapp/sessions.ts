import type { Log } from '../lib/log.ts'
import type { Account, Link } from '../model/account.ts'
import type { Actor } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { SendPort } from '../model/send-port.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { AccountOutcome, LinkOutcome, LinkRequest } from './outcomes.ts'
import { Session } from './session.ts'
import { checkCertificates } from './socket/certificate.ts'
import { muteConsole, wordsOf } from './socket/library-log.ts'
import { TIMINGS, type Timings } from './timings.ts'

export type { AccountOutcome, LinkOutcome, LinkRequest } from './outcomes.ts'

export type SessionsDeps = {
  readonly store: Store
  readonly policy: () => PolicyInForce
  readonly route: RouteEvent
  readonly log: Log
  readonly now: () => Date
  /** Gives [0, 1). */
  readonly random: () => number
  /** Set in the sandbox alone: the server to speak to, and the root of its Noise certificate. */
  readonly simulator?: { readonly url: string; readonly noiseRoot: Uint8Array }
  readonly timings?: Partial<Timings>
}

/** The accounts of the policy in force and their way to WhatsApp. */
export type Sessions = SendPort & {
  /** Connects every account that has a device; resolves without waiting for the connections. */
  start(): Promise<void>
  stop(): Promise<void>
  list(): readonly Account[]
  get(name: string): Account | undefined
  /** Resolves with the first QR or code; `currentLink` follows it from there. */
  link(name: string, request: LinkRequest, by: Actor): Promise<LinkOutcome>
  currentLink(name: string): Link | undefined
  logout(name: string, by: Actor): Promise<AccountOutcome>
  restart(name: string, by: Actor): Promise<AccountOutcome>
  pause(name: string, by: Actor): Promise<AccountOutcome>
  resume(name: string, by: Actor): Promise<AccountOutcome>
}

/**
 * Builds the sessions. For the whole process this also makes signature checks real (certificate.ts) and takes the
 * console away from libraries (library-log.ts).
 */
export function createSessions(deps: SessionsDeps): Sessions {
  const { store, policy, route, log, now, random, simulator } = deps
  const timings = { ...TIMINGS, ...deps.timings }
  const sessions = new Map<string, Session>()
  const listeners: ((account: string) => void)[] = []
  let started = false
  checkCertificates(now, simulator?.noiseRoot)
  muteConsole(log)

  const accounts = () => policy().snapshot.accounts

  function find(name: string): Session | undefined {
    if (!accounts().has(name)) return undefined
    const known = sessions.get(name)
    if (known !== undefined) return known
    const session = build(name)
    sessions.set(name, session)
    // An account that came with a later policy.
    if (started)
      session
        .start()
        .catch(error => log.error('account.not_started', { account: name, reason: wordsOf(error) }))
    return session
  }

  function build(account: string): Session {
    return new Session({
      account,
      policy: () => accounts().get(account),
      ...{ store, route, log, now, random, timings },
      ...(simulator === undefined ? {} : { url: simulator.url }),
      onOpen: opened => listeners.forEach(listener => void listener(opened)),
    })
  }

  const operate = async (name: string, work: (session: Session) => Promise<AccountOutcome>) => {
    const session = find(name)
    return session === undefined ? ({ kind: 'unknown-account' } as const) : await work(session)
  }

  return {
    async start() {
      await Promise.all([...accounts().keys()].map(name => find(name)?.start()))
      started = true
    },
    async stop() {
      await Promise.all([...sessions.values()].map(session => session.stop()))
    },
    list: () => [...accounts().keys()].flatMap(name => find(name)?.view() ?? []),
    get: name => find(name)?.view(),
    async link(name, request, by) {
      const session = find(name)
      return session === undefined ? { kind: 'unknown-account' } : await session.startLink(request, by)
    },
    currentLink: name => find(name)?.link,
    logout: (name, by) => operate(name, session => session.logout(by)),
    restart: (name, by) => operate(name, session => session.restart(by)),
    pause: (name, by) => operate(name, session => session.pause(by)),
    resume: (name, by) => operate(name, session => session.resume(by)),
    async send(order) {
      const session = find(order.account)
      return session === undefined
        ? { kind: 'retry', reason: 'the account is not in the policies' }
        : await session.send(order)
    },
    openAccounts: () => [...accounts().keys()].filter(name => sessions.get(name)?.isOpen),
    onOpen(listener) {
      listeners.push(listener)
    },
  }
}
