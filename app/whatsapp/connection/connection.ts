import type { Log } from '../../lib/log.ts'
import type { Meter } from '../../model/meter.ts'
import type { AccountPolicy } from '../../policy/snapshot.ts'
import type { Store } from '../../store/store.ts'
import { writtenBefore } from '../outbound/again.ts'
import type { LinkedDevice } from '../socket/device.ts'
import { openSocket, type Socket, type SocketEvents } from '../socket/open.ts'
import type { Timings } from '../timings.ts'
import { createServerClock, type ServerClock } from './clock.ts'
import { codeWord, type Meaning, meaningOf } from './disconnect.ts'
import { Redial } from './redial.ts'
import { type Complaint, Watch } from './watch.ts'

export type ConnectionDeps = {
  readonly account: string
  readonly policy: () => AccountPolicy | undefined
  readonly store: Store
  readonly log: Log
  readonly meter: Meter
  readonly now: () => Date
  readonly random: () => number
  readonly url?: string
  readonly timings: Timings
  /** False while something is under way that a refresh should not cut off. */
  readonly idle: () => boolean
}

export type ConnectionEvents = Omit<SocketEvents, 'frame' | 'delivered' | 'open' | 'closed' | 'paired'> & {
  opened(): void
  /** A phone has signed; every later connection waits until this resolves, which it does in the end. */
  paired(): Promise<void>
  /** Not open, and a new connection will follow. `planned`: nobody need hear of it. */
  dropped(reason: string, planned: boolean): void
  /** Not open, and no new connection will be made before somebody asks for it. */
  ended(meaning: Meaning, code: number | undefined): void
  /** The connection was open and delivered nothing; `dropped` follows. */
  deaf(reason: string): void
}

/** What the next connection is made for. */
type Again = { readonly reason: string; readonly word: string; readonly planned: boolean }

/** Without a delivery for so long a moment is quiet. */
const QUIET_MS = 2_000
const DEAF = 'the session was deaf: WhatsApp answered and delivered nothing'

/** Keeps one device connected: at most one socket, a watch over it, and the decision when to make the next. */
export class Connection {
  readonly #deps: ConnectionDeps
  readonly #events: ConnectionEvents
  readonly #watch: Watch
  readonly #clock: ServerClock
  readonly #redial: Redial
  #device: LinkedDevice | undefined
  #socket: Socket | undefined
  #lastStanzaAt: Date | undefined
  #deliveredAt = 0
  #begunAt = 0
  #openedAt: number | undefined
  #ready: Promise<void> = Promise.resolve()
  /** Two sockets of one device would overwrite each other's ratchets: the next waits for the last to be gone. */
  #gone: Promise<void> = Promise.resolve()
  #looking: NodeJS.Timeout | undefined

  constructor(deps: ConnectionDeps, events: ConnectionEvents) {
    const { account, timings, now } = deps
    this.#deps = deps
    this.#events = events
    this.#clock = createServerClock(account, deps)
    this.#redial = new Redial(deps)
    this.#watch = new Watch({ timings, now, selfCheckEveryMs: () => deps.policy()?.selfCheckEveryMs })
  }

  /** The socket, while it is open. */
  get socket(): Socket | undefined {
    return this.#openedAt === undefined ? undefined : this.#socket
  }

  /** The socket from its first moment on; pairing needs it before it is open. */
  get early(): Socket | undefined {
    return this.#socket
  }

  get lastStanzaAt(): Date | undefined {
    return this.#lastStanzaAt
  }

  /** How far ahead WhatsApp's clock is of ours, once it is known. */
  get clockAheadMs(): number | undefined {
    return this.#clock.aheadMs
  }

  /** True while it is open and nothing speaks against messages arriving. */
  get receives(): boolean {
    return this.#openedAt !== undefined && this.#watch.receives
  }

  start(device: LinkedDevice): void {
    this.#device = device
    this.#redial.begin()
    this.#looking ??= setInterval(() => this.#look(), this.#deps.timings.lookMs).unref()
    this.#open()
  }

  /** Ends the connection and every plan for another. */
  async stop(): Promise<void> {
    clearInterval(this.#looking)
    this.#looking = undefined
    await this.#drop()
  }

  #open(): void {
    const { account, store, log, url, timings } = this.#deps
    const policy = this.#deps.policy()
    const device = this.#device
    if (device === undefined) return
    if (policy === undefined) {
      this.#events.ended({ verdict: 'refused', reason: 'the account is not in the policies' }, undefined)
      return
    }
    this.#begunAt = this.#now()
    this.#socket = openSocket({
      ...{ account, store, now: this.#deps.now },
      connect: care => device.connect(care),
      policy,
      log,
      events: this.#socketEvents(),
      written: (id, chat, places) =>
        writtenBefore({ id, chat, phone: device.phone }, { account, store, places }),
      ...(url === undefined ? {} : { url }),
      ...(timings.qrMs === undefined ? {} : { qrMs: timings.qrMs }),
    })
  }

  #socketEvents(): SocketEvents {
    return {
      ...this.#events,
      frame: serverTime => {
        this.#lastStanzaAt = this.#deps.now()
        this.#watch.heard()
        if (serverTime !== undefined) this.#clock.told(serverTime)
      },
      delivered: () => {
        this.#deliveredAt = this.#now()
        this.#watch.delivered()
      },
      paired: () => {
        this.#ready = this.#events.paired()
      },
      open: () => {
        this.#openedAt = this.#now()
        this.#redial.opened()
        if (this.#socket !== undefined) this.#watch.opened(this.#socket)
        this.#events.opened()
      },
      closed: code => this.#closed(code),
    }
  }

  #closed(code: number | undefined): void {
    const meaning = meaningOf(code)
    const { verdict, reason } = meaning
    this.#deps.log.info('whatsapp.closed', { account: this.#deps.account, code, verdict })
    void this.#drop()
    const again = this.#device?.linked && (verdict === 'restart' || verdict === 'retry')
    if (again) this.#again({ reason, word: codeWord(code), planned: verdict === 'restart' })
    else this.#events.ended(meaning, code)
  }

  #again({ reason, word, planned }: Again): void {
    const { account, meter } = this.#deps
    if (!this.#redial.plan(planned, isCurrent => void this.#follow(isCurrent))) {
      const given = { verdict: 'refused', reason: `gave up: ${reason}; restart to try again` } as const
      this.#events.ended(given, undefined)
      return
    }
    this.#events.dropped(reason, planned)
    meter.reconnected(account, word)
  }

  async #follow(isCurrent: () => boolean): Promise<void> {
    await Promise.all([this.#ready, this.#gone])
    if (isCurrent()) this.#open()
  }

  /** Lets go of the socket; nothing is heard from it any more. */
  async #drop(): Promise<void> {
    this.#redial.cancel()
    const socket = this.#socket
    this.#socket = undefined
    this.#openedAt = undefined
    this.#watch.closed()
    if (socket !== undefined) this.#gone = socket.close()
    await this.#gone
  }

  /** Baileys notices a silent server late, and neither a deaf one nor one that never answers a log-in. */
  #look(): void {
    if (this.#socket === undefined) return
    const complaint = this.#watch.look()
    const isStuck = this.#openedAt === undefined && this.#now() - this.#begunAt > this.#deps.timings.connectMs
    if (complaint?.kind === 'deaf') this.#heal(complaint)
    else if (complaint?.kind === 'silent' || (isStuck && this.#device?.linked)) this.#closed(408)
    else if (this.#refreshIsDue()) this.#renew({ reason: 'refreshed', word: 'refresh', planned: true })
  }

  /** Deafness ends with the next log-in. Said aloud once: while the phone is off, nobody can tell. */
  #heal({ again }: Extract<Complaint, { kind: 'deaf' }>): void {
    const { account, log, meter } = this.#deps
    log.warn('whatsapp.deaf', { account, again })
    if (!again) {
      meter.deaf(account)
      this.#events.deaf(DEAF)
    }
    this.#renew({ reason: DEAF, word: 'deaf', planned: again })
  }

  /** At a quiet moment; an account that never has one gets none after twice the time. */
  #refreshIsDue(): boolean {
    const refreshMs = this.#deps.policy()?.refreshEveryMs
    const openMs = this.#openedAt === undefined ? 0 : this.#now() - this.#openedAt
    if (refreshMs === undefined || openMs <= refreshMs) return false
    const isQuiet = this.#deps.idle() && this.#now() - this.#deliveredAt > QUIET_MS
    return isQuiet || openMs > 2 * refreshMs
  }

  #renew(again: Again): void {
    this.#redial.forget()
    void this.#drop()
    this.#again(again)
  }

  #now(): number {
    return this.#deps.now().getTime()
  }
}
