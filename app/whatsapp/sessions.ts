import type { Log } from '../lib/log.ts'
import type { Account, Link } from '../model/account.ts'
import type { Actor } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Meter } from '../model/meter.ts'
import type { SendPort } from '../model/send-port.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { Reader } from './inbound/reading.ts'
import type { FilesDeps } from './outbound/files.ts'
import type { AccountOutcome, LinkOutcome, LinkRequest } from './outcomes.ts'
import { Roster } from './roster.ts'
import type { Session } from './session/session.ts'
import type { Asked } from './social/asked.ts'
import type { Social } from './social/social.ts'
import { checkCertificates } from './socket/certificate.ts'
import { muteConsole } from './socket/library-log.ts'
import { TIMINGS, type Timings } from './timings.ts'

export type { AccountOutcome, LinkOutcome, LinkRequest } from './outcomes.ts'

export type SessionsDeps = {
  readonly store: Store
  readonly policy: () => PolicyInForce
  readonly route: RouteEvent
  readonly hear?: Reader['hear']
  /** The files that messages carry. */
  readonly library: FilesDeps['library']
  readonly log: Log
  readonly meter: Meter
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
  /** Connects accounts that the policy in force has come to name, and ends the sessions of those it no longer does. */
  followPolicy(): Promise<void>
  list(): readonly Account[]
  get(name: string): Account | undefined
  /** Resolves with the first QR or code; `currentLink` follows it from there. */
  link(name: string, request: LinkRequest, by: Actor): Promise<LinkOutcome>
  currentLink(name: string): Link | undefined
  logout(name: string, by: Actor): Promise<AccountOutcome>
  restart(name: string, by: Actor): Promise<AccountOutcome>
  pause(name: string, by: Actor): Promise<AccountOutcome>
  resume(name: string, by: Actor): Promise<AccountOutcome>
  /** Where WhatsApp keeps files for an account, name and port; undefined while nobody can say. */
  mediaHost(name: string): Promise<string | undefined>
  /** Asks WhatsApp over an account; the answer is the server's. */
  ask<T>(name: string, question: (social: Social) => Promise<T>): Promise<Asked<T>>
}

/** WhatsApp's own, which answers for any account. */
const MEDIA_HOST = 'mmg.whatsapp.net'

/**
 * Builds the sessions. For the whole process this also makes signature checks real (certificate.ts) and takes the
 * console away from libraries (library-log.ts).
 */
export function createSessions(deps: SessionsDeps): Sessions {
  const { store, policy, route, hear, library, log, meter, now, random, simulator } = deps
  checkCertificates(now, simulator?.noiseRoot)
  muteConsole(log)
  const roster = new Roster({
    ...{ store, route, library, log, meter, now, random },
    ...(hear && { hear }),
    accounts: () => policy().snapshot.accounts,
    timings: { ...TIMINGS, ...deps.timings },
    ...(simulator === undefined ? {} : { url: simulator.url }),
  })

  const operate = async (name: string, work: (session: Session) => Promise<AccountOutcome>) => {
    const session = roster.find(name)
    return session === undefined ? ({ kind: 'unknown-account' } as const) : await work(session)
  }

  return {
    start: () => roster.start(),
    stop: () => roster.stop(),
    followPolicy: () => roster.followPolicy(),
    list: () => roster.names.flatMap(name => roster.find(name)?.view() ?? []),
    get: name => roster.find(name)?.view(),
    async link(name, request, by) {
      const session = roster.find(name)
      return session === undefined ? { kind: 'unknown-account' } : await session.startLink(request, by)
    },
    currentLink: name => roster.find(name)?.link,
    logout: (name, by) => operate(name, session => session.logout(by)),
    restart: (name, by) => operate(name, session => session.restart(by)),
    pause: (name, by) => operate(name, session => session.pause(by)),
    resume: (name, by) => operate(name, session => session.resume(by)),
    // A simulator has a host of its own, and its files are nowhere else.
    mediaHost: async name =>
      (await roster.find(name)?.mediaHost()) ?? (simulator === undefined ? MEDIA_HOST : undefined),
    async ask(name, question) {
      const session = roster.find(name)
      return session === undefined ? { kind: 'unknown-account' } : await session.ask(question)
    },
    async send(order) {
      const session = roster.find(order.account)
      return session === undefined
        ? { kind: 'retry', reason: 'the account is not in the policies' }
        : await session.send(order)
    },
    openAccounts: () => roster.names.filter(name => roster.find(name)?.isOpen),
    onOpen: listener => roster.onOpen(listener),
  }
}
