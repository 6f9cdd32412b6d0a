import { PosternError } from '../../lib/error.ts'
import type { Log } from '../../lib/log.ts'
import { step } from '../../lib/step.ts'
import type { Account, AccountState, Link } from '../../model/account.ts'
import { type Actor, SYSTEM } from '../../model/audit.ts'
import type { RouteEvent } from '../../model/event.ts'
import type { SendOrder, SendOutcome } from '../../model/send-port.ts'
import { isDamage } from '../../store/database/failures.ts'
import { Connection, type ConnectionDeps, type ConnectionEvents } from '../connection/connection.ts'
import { type Meaning, meaningOf } from '../connection/disconnect.ts'
import type { Reader } from '../inbound/reading.ts'
import type { FilesDeps } from '../outbound/files.ts'
import type { AccountOutcome, LinkOutcome, LinkRequest } from '../outcomes.ts'
import { type Asked, refusalOf } from '../social/asked.ts'
import type { Social } from '../social/social.ts'
import type { LinkedDevice } from '../socket/device.ts'
import { wordsOf } from '../socket/library-log.ts'
import { Traffic } from '../traffic.ts'
import { Custody, type Found } from './custody.ts'
import { LinkDesk } from './link-desk.ts'
import { createNotices, type Notices } from './notices.ts'
import { Standing } from './standing.ts'

export type SessionDeps = Omit<ConnectionDeps, 'idle'> & {
  readonly route: RouteEvent
  readonly hear?: Reader['hear']
  readonly library: FilesDeps['library']
  readonly log: Log
  readonly onOpen: (account: string) => void
}

/** `again`: another try may find what this one did not. */
export type Started =
  | { readonly kind: 'started' }
  | { readonly kind: 'unread'; readonly reason: string; readonly again: boolean }

const OTHER_NUMBER: SendOutcome = {
  kind: 'refused',
  code: 'account.number_changed',
  reason: 'the account has another number now than when the message was asked for',
}

/** One account: its device, its state, and what operators may do with it. One operation at a time. */
export class Session {
  readonly #deps: SessionDeps
  readonly #notices: Notices
  readonly #standing: Standing
  readonly #traffic: Traffic
  readonly #connection: Connection
  readonly #desk: LinkDesk
  readonly #custody: Custody
  #turn: Promise<unknown> = Promise.resolve()
  /** Why it is not known what the store has of the account. */
  #unread: string | undefined = 'what is stored of it has not been read yet'

  constructor(deps: SessionDeps) {
    const { timings } = deps
    this.#deps = deps
    this.#notices = createNotices(deps)
    this.#standing = new Standing(this.#notices)
    this.#custody = new Custody(deps)
    const markRead = () => deps.policy()?.markRead === true
    const rejectCalls = () => deps.policy()?.rejectCalls === true
    this.#traffic = new Traffic({
      ...{ ...deps, markRead, rejectCalls, ackMs: timings.ackMs, unreadMs: timings.unreadMs },
      lookup: async lid => (await this.#custody.device?.phoneJidOf(lid)) ?? null,
      me: () => this.#custody.device?.creds.me,
      socket: () => this.#connection.early,
    })
    const idle = () => this.#traffic.idle
    this.#connection = new Connection({ ...deps, idle }, this.#connectionEvents())
    this.#desk = new LinkDesk({
      ...deps,
      ...{
        notices: this.#notices,
        standing: this.#standing,
        custody: this.#custody,
        connection: this.#connection,
      },
      disconnect: reason => this.#disconnect(reason),
    })
  }

  get isOpen(): boolean {
    return this.#standing.state === 'open'
  }

  get link(): Link | undefined {
    return this.#desk.link
  }

  view(): Account {
    const displayName = this.#deps.policy()?.displayName
    const { state, reason } = this.#standing
    const { phone } = this.#custody
    const { lastStanzaAt, receives, clockAheadMs } = this.#connection
    return {
      name: this.#deps.account,
      ...(displayName === undefined ? {} : { displayName }),
      ...(phone === undefined ? {} : { phone }),
      state,
      health: {
        connected: this.isOpen,
        receiving: this.isOpen && receives,
        sending: this.isOpen && this.#traffic.answered,
      },
      ...(lastStanzaAt === undefined ? {} : { lastStanzaAt }),
      ...(clockAheadMs === undefined ? {} : { clockAheadMs }),
      ...(reason === undefined ? {} : { reason }),
    }
  }

  /** Takes up where the store says the account was left. Nobody can link it anew before that is known. */
  start(): Promise<Started> {
    return this.#inTurn(async () => {
      let isRead = false
      try {
        const found = await this.#custody.load()
        isRead = true
        const isPaused = await this.#deps.store.accounts.isPaused(this.#deps.account)
        await this.#traffic.resume()
        this.#takeUp(found, isPaused)
        return { kind: 'started' }
      } catch (error) {
        return await this.#couldNotStart(error, isRead)
      }
    })
  }

  #takeUp(found: Found, isPaused: boolean): void {
    this.#unread = undefined
    const device = this.#custody.linked
    if (found === 'logged out') this.#become('logged_out', meaningOf(401).reason)
    else if (device === undefined) this.#become('unlinked')
    else if (isPaused) this.#become('paused', 'paused by an operator')
    else this.#connect(device)
  }

  /** Only a device that is lost may be given up for another. What the store could not give now, it may give later. */
  async #couldNotStart(error: unknown, isRead: boolean): Promise<Started> {
    const reason = `what is stored of it could not be read: ${wordsOf(error)}`
    const isLost = !isRead && (isDamage(error) || !(error instanceof PosternError))
    await this.#custody.discard()
    this.#unread = isLost ? undefined : reason
    this.#become(isLost ? 'unlinked' : 'closed', reason)
    return { kind: 'unread', reason, again: !isLost }
  }

  /** Ends the connection; what was heard is recorded when this resolves. */
  stop(): Promise<void> {
    this.#desk.stop()
    return this.#inTurn(async () => {
      await this.#disconnect('the appliance is stopping')
      await this.#traffic.settled()
      await this.#custody.device?.forget()
      step('session.closed')
    })
  }

  async send(order: SendOrder): Promise<SendOutcome> {
    const { socket } = this.#connection
    if (socket !== undefined && order.from !== undefined && order.from !== this.#custody.phone)
      return OTHER_NUMBER
    return await this.#traffic.send(order, socket)
  }

  /** The host that WhatsApp has named to this account; undefined without a connection. */
  async mediaHost(): Promise<string | undefined> {
    return await this.#connection.socket?.mediaHost().catch(() => undefined)
  }

  /** Asks over the connection of the moment; the library itself gives up on an answer after a minute. */
  async ask<T>(question: (social: Social) => Promise<T>): Promise<Asked<T>> {
    const { socket } = this.#connection
    if (socket === undefined) return { kind: 'not-open', state: this.#standing.state }
    try {
      return { kind: 'answered', value: await question(socket.social) }
    } catch (error) {
      return refusalOf(error)
    }
  }

  startLink(request: LinkRequest, by: Actor): Promise<LinkOutcome> {
    return this.#inTurn(async () =>
      this.#unread === undefined
        ? await this.#desk.ask(request, by)
        : { kind: 'unavailable', reason: this.#unread },
    )
  }

  logout(by: Actor): Promise<AccountOutcome> {
    return this.#inTurn(async () => {
      if (!this.#custody.linked) return this.#wrongState(this.#unread ?? 'the account is not linked')
      const told = await this.#tellLogout()
      this.#standing.leftUntold()
      this.#desk.end('failed', 'the account was logged out')
      await this.#disconnect('logged out')
      await this.#custody.erase({
        audit: [this.#notices.audit('accounts.logout', by, { told })],
        events: [this.#notices.event('account.logged_out', { reason: 'by_operator' })],
      })
      const untold = 'WhatsApp could not be told: remove the device on the phone too'
      this.#become('unlinked', told ? undefined : untold)
      return this.#done()
    })
  }

  restart(by: Actor): Promise<AccountOutcome> {
    return this.#inTurn(async () => {
      const device = this.#custody.linked
      if (device === undefined) return this.#wrongState(this.#unread ?? 'the account is not linked')
      if (this.#standing.state === 'paused') return this.#wrongState('the account is paused; resume it')
      await this.#deps.store.events.append({ audit: [this.#notices.audit('accounts.restart', by)] })
      await this.#disconnect(`restarted by ${by.principal}`)
      this.#connect(device)
      return this.#done()
    })
  }

  pause(by: Actor): Promise<AccountOutcome> {
    return this.#inTurn(async () => {
      if (!this.#custody.linked) return this.#wrongState(this.#unread ?? 'the account is not linked')
      if (this.#standing.state === 'paused') return this.#done()
      const effects = { audit: [this.#notices.audit('accounts.pause', by)] }
      await this.#deps.store.accounts.setPaused(this.#deps.account, true, effects)
      await this.#disconnect(`paused by ${by.principal}`)
      this.#become('paused', `paused by ${by.principal}`)
      return this.#done()
    })
  }

  resume(by: Actor): Promise<AccountOutcome> {
    return this.#inTurn(async () => {
      const device = this.#custody.linked
      if (this.#standing.state !== 'paused' || device === undefined)
        return this.#wrongState(this.#unread ?? 'the account is not paused')
      const effects = { audit: [this.#notices.audit('accounts.resume', by)] }
      await this.#deps.store.accounts.setPaused(this.#deps.account, false, effects)
      this.#connect(device)
      return this.#done()
    })
  }

  // --- the connection and what it says

  #connect(device: LinkedDevice): void {
    this.#become('connecting')
    this.#connection.start(device)
  }

  async #disconnect(reason: string): Promise<void> {
    await this.#connection.stop()
    this.#traffic.abandon(reason)
    this.#standing.left(reason)
  }

  #connectionEvents(): ConnectionEvents {
    return {
      qr: text => this.#desk.offered(text),
      paired: () => this.#desk.paired(),
      opened: () => this.#opened(),
      dropped: (reason, planned) => this.#dropped(reason, planned),
      deaf: detail => this.#alert('deaf_session', detail),
      ended: (meaning, code) => this.#notices.unattended(this.#ended(meaning, code)),
      credentialsChanged: () => this.#custody.device?.save(),
      acknowledged: (id, error) => this.#traffic.acknowledged(id, error),
      receipt: receipt => this.#traffic.reported(receipt),
      arrived: (entry, stanza) => this.#traffic.arrived(entry, stanza),
      past: messages => this.#traffic.past(messages),
    }
  }

  #opened(): void {
    const { account, log, onOpen } = this.#deps
    this.#standing.opened()
    this.#desk.end('done')
    this.#traffic.opened()
    log.info('account.open', { account })
    step('session.opened')
    onOpen(account)
  }

  #dropped(reason: string, planned: boolean): void {
    this.#become(this.#desk.isPending ? 'pairing' : 'connecting', reason)
    this.#traffic.abandon(reason)
    if (!planned) this.#standing.left(reason)
    step('session.closed')
  }

  async #ended({ verdict, reason }: Meaning, code: number | undefined): Promise<void> {
    const { account, log } = this.#deps
    this.#traffic.abandon(reason)
    step('session.closed')
    if (!this.#custody.linked) return this.#desk.cutOff(code, reason)
    log.warn('account.ended', { account, code, reason })
    this.#desk.end('failed', reason)
    if (verdict === 'logged-out') return await this.#loggedOut(reason)
    this.#become('closed', reason)
    if (verdict === 'replaced') this.#replaced(reason)
    this.#standing.left(reason)
    if (verdict === 'restricted') this.#alert('account_restricted', reason)
  }

  #replaced(reason: string): void {
    this.#standing.leftUntold()
    this.#notices.tell('account.replaced', { reason })
  }

  /** WhatsApp has taken the device away: what is left of it is that it was there. */
  async #loggedOut(detail: string): Promise<void> {
    this.#standing.leftUntold()
    this.#become('logged_out', detail)
    const alert = this.#notices.event('security.alert', { reason: 'account_logged_out', detail })
    const events = [
      this.#notices.event('account.logged_out', { reason: 'by_phone' }),
      ...(this.#deps.policy()?.alertsOnLoggedOut ? [alert] : []),
    ]
    await this.#custody.bury({ events, audit: [this.#notices.audit('accounts.logged_out', SYSTEM)] })
  }

  async #tellLogout(): Promise<boolean> {
    const { socket } = this.#connection
    try {
      await socket?.logout()
      return socket !== undefined
    } catch (error) {
      this.#deps.log.warn('account.logout_not_told', { account: this.#deps.account, reason: wordsOf(error) })
      return false
    }
  }

  // --- small change

  #become(state: AccountState, reason?: string): void {
    this.#standing.become(state, reason)
  }

  #alert(reason: string, detail: string): void {
    this.#notices.tell('security.alert', { reason, detail })
  }

  #done(): AccountOutcome {
    return { kind: 'done', account: this.view() }
  }

  #wrongState(reason: string): AccountOutcome {
    return { kind: 'wrong-state', reason }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}
