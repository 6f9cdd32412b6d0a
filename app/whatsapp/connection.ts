import { backoffMs } from '../lib/backoff.ts'
import type { Log } from '../lib/log.ts'
import type { AccountPolicy } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { meaningOf } from './disconnect.ts'
import type { LinkedDevice } from './socket/device.ts'
import { openSocket, type Socket, type SocketEvents } from './socket/open.ts'
import type { Timings } from './timings.ts'
import { storedMessageOf } from './translate.ts'

export type ConnectionDeps = {
  readonly account: string
  readonly policy: () => AccountPolicy | undefined
  readonly store: Store
  readonly log: Log
  readonly now: () => Date
  readonly random: () => number
  readonly url?: string
  readonly timings: Timings
  /** False while something is under way that a refresh should not cut off. */
  readonly idle: () => boolean
}

export type ConnectionEvents = Omit<SocketEvents, 'frame' | 'open' | 'closed' | 'paired'> & {
  opened(): void
  /** A phone has signed; the next connection waits until this resolves. */
  paired(): Promise<void>
  /** Not open, and a new connection will follow. `planned`: nobody need hear of it. */
  dropped(reason: string, planned: boolean): void
  /** Not open, and no new connection will be made. */
  ended(code: number | undefined, reason: string): void
}

const STEADY_MS = 60_000
const LOOK_MS = 5_000

/** Keeps one device connected: at most one socket, a watch over it, and the decision when to make the next. */
export class Connection {
  readonly #deps: ConnectionDeps
  readonly #events: ConnectionEvents
  #device: LinkedDevice | undefined
  #socket: Socket | undefined
  #lastStanzaAt: Date | undefined
  #begunAt = 0
  #openedAt: number | undefined
  #downSince: number | undefined
  #attempt = 0
  #ready: Promise<void> = Promise.resolve()
  #retry: NodeJS.Timeout | undefined
  #watch: NodeJS.Timeout | undefined

  constructor(deps: ConnectionDeps, events: ConnectionEvents) {
    this.#deps = deps
    this.#events = events
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

  /** True when the server has been heard within the time in which it must answer a ping. */
  get heard(): boolean {
    return this.#now() - (this.#lastStanzaAt?.getTime() ?? 0) <= this.#deps.timings.silenceMs
  }

  start(device: LinkedDevice): void {
    this.#device = device
    this.#attempt = 0
    this.#downSince = undefined
    this.#watch ??= setInterval(() => this.#look(), Math.min(LOOK_MS, this.#deps.timings.silenceMs)).unref()
    this.#open()
  }

  /** Ends the connection and every plan for another. */
  async stop(): Promise<void> {
    clearInterval(this.#watch)
    this.#watch = undefined
    await this.#drop()
  }

  #open(): void {
    const { account, store, log, url, timings } = this.#deps
    const policy = this.#deps.policy()
    const device = this.#device
    if (device === undefined) return
    if (policy === undefined) {
      this.#events.ended(undefined, 'the account is not in the policies')
      return
    }
    this.#begunAt = this.#now()
    this.#socket = openSocket({
      ...{ account, store, now: this.#deps.now },
      connect: storeKeys => device.connect(storeKeys),
      policy,
      log,
      events: this.#socketEvents(),
      storedMessage: async (id, chat) => storedMessageOf(await store.messages.get(account, id), chat),
      ...(url === undefined ? {} : { url }),
      ...(timings.qrMs === undefined ? {} : { qrMs: timings.qrMs }),
    })
  }

  #socketEvents(): SocketEvents {
    return {
      ...this.#events,
      frame: () => {
        this.#lastStanzaAt = this.#deps.now()
      },
      paired: () => {
        this.#ready = this.#events.paired()
      },
      open: () => {
        this.#openedAt = this.#now()
        this.#downSince = undefined
        this.#events.opened()
      },
      closed: code => this.#closed(code),
    }
  }

  #closed(code: number | undefined): void {
    const { verdict, reason } = meaningOf(code)
    this.#deps.log.info('whatsapp.closed', { account: this.#deps.account, code, verdict })
    if (this.#openedAt !== undefined && this.#now() - this.#openedAt > STEADY_MS) this.#attempt = 0
    void this.#drop()
    const again = this.#device?.linked && (verdict === 'restart' || verdict === 'retry')
    if (again) this.#again(reason, verdict === 'restart')
    else this.#events.ended(code, reason)
  }

  #again(reason: string, planned: boolean): void {
    const policy = this.#deps.policy()
    this.#downSince ??= this.#now()
    if (policy !== undefined && this.#now() - this.#downSince > policy.reconnect.giveUpAfterMs) {
      this.#events.ended(undefined, `gave up: ${reason}; restart to try again`)
      return
    }
    this.#events.dropped(reason, planned)
    const { timings, random } = this.#deps
    const maxMs = policy?.reconnect.maxBackoffMs ?? timings.reconnectMs
    const waitMs =
      planned && this.#attempt === 0
        ? 0
        : backoffMs(this.#attempt, { baseMs: timings.reconnectMs, maxMs }, random)
    this.#attempt += 1
    this.#retry = setTimeout(() => void this.#ready.then(() => this.#open()), waitMs)
  }

  /** Lets go of the socket; nothing is heard from it any more. */
  async #drop(): Promise<void> {
    clearTimeout(this.#retry)
    const socket = this.#socket
    this.#socket = undefined
    this.#openedAt = undefined
    await socket?.close()
  }

  /** Baileys notices a silent server late, and a server that never answers a login not at all. */
  #look(): void {
    if (this.#socket === undefined) return
    const { timings } = this.#deps
    const stuck = this.#device?.linked === true && this.#now() - this.#begunAt > timings.connectMs
    if (this.#openedAt === undefined ? stuck : !this.heard) this.#closed(408)
    else if (this.#refreshIsDue()) this.#refresh()
  }

  #refreshIsDue(): boolean {
    const refreshMs = this.#deps.policy()?.refreshEveryMs
    const openMs = this.#openedAt === undefined ? 0 : this.#now() - this.#openedAt
    return refreshMs !== undefined && openMs > refreshMs && this.#deps.idle()
  }

  #refresh(): void {
    this.#attempt = 0
    void this.#drop()
    this.#again('refreshed', true)
  }

  #now(): number {
    return this.#deps.now().getTime()
  }
}
