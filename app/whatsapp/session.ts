import type { Log } from '../lib/log.ts'
import type { Account, AccountState, Link } from '../model/account.ts'
import { type Actor, SYSTEM } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { SendOrder, SendOutcome } from '../model/send-port.ts'
import { Connection, type ConnectionDeps, type ConnectionEvents } from './connection.ts'
import { isRestriction, meaningOf } from './disconnect.ts'
import { Linking } from './link.ts'
import { createNotices, type Notices } from './notices.ts'
import type { AccountOutcome, LinkOutcome, LinkRequest } from './outcomes.ts'
import { LinkedDevice } from './socket/device.ts'
import { wordsOf } from './socket/library-log.ts'
import { Traffic } from './traffic.ts'

export type SessionDeps = Omit<ConnectionDeps, 'idle'> & {
  readonly route: RouteEvent
  readonly log: Log
  readonly onOpen: (account: string) => void
}

/** One account: its device, its state, and what operators may do with it. One operation at a time. */
export class Session {
  readonly #deps: SessionDeps
  readonly #notices: Notices
  readonly #traffic: Traffic
  readonly #connection: Connection
  #state: AccountState = 'unlinked'
  #reason: string | undefined
  #phone: string | undefined
  #device: LinkedDevice | undefined
  #linking: Linking | undefined
  #linkedBy: Actor = SYSTEM
  #announced = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: SessionDeps) {
    const { account, store, route, log, now, timings } = deps
    this.#deps = deps
    this.#notices = createNotices({ account, store, route, log, now })
    const markRead = () => deps.policy()?.markRead === true
    this.#traffic = new Traffic({
      ...{ account, store, route, log, now, markRead, ackMs: timings.ackMs },
      lookup: async lid => (await this.#device?.phoneJidOf(lid)) ?? null,
      socket: () => this.#connection.early,
    })
    const idle = () => this.#traffic.idle
    this.#connection = new Connection({ ...deps, idle }, this.#connectionEvents())
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get link(): Link | undefined {
    return this.#linking?.current
  }

  view(): Account {
    const displayName = this.#deps.policy()?.displayName
    const { lastStanzaAt, heard } = this.#connection
    return {
      name: this.#deps.account,
      ...(displayName === undefined ? {} : { displayName }),
      ...(this.#phone === undefined ? {} : { phone: this.#phone }),
      state: this.#state,
      health: {
        connected: this.isOpen,
        receiving: this.isOpen && heard,
        sending: this.isOpen && this.#traffic.answered,
      },
      ...(lastStanzaAt === undefined ? {} : { lastStanzaAt }),
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
    }
  }

  /** Takes up where the store says the account was left. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      const { account, store } = this.#deps
      const row = await store.accounts.get(account)
      this.#phone = row?.phone
      if (row !== undefined && row.loggedOutAt === undefined)
        this.#device = LinkedDevice.fromStore(this.#deps, row)
      await this.#traffic.resume()
      if (row === undefined) return
      if (this.#device === undefined) return this.#become('logged_out', meaningOf(401).reason)
      if (await store.accounts.isPaused(account)) return this.#become('paused', 'paused by an operator')
      this.#connect(this.#device)
    })
  }

  /** Ends the connection; what was heard is recorded when this resolves. */
  stop(): Promise<void> {
    this.#linking?.end('failed', 'the appliance is stopping')
    return this.#inTurn(async () => {
      await this.#disconnect('the appliance is stopping')
      await this.#traffic.settled()
      await this.#device?.forget()
    })
  }

  send(order: SendOrder): Promise<SendOutcome> {
    return this.#traffic.send(order, this.#connection.socket)
  }

  startLink(request: LinkRequest, by: Actor): Promise<LinkOutcome> {
    return this.#inTurn(async () => {
      if (this.#device?.linked) return { kind: 'already-linked' }
      if (request.method === 'code' && request.phone === undefined) {
        return { kind: 'unavailable', reason: 'a pairing code needs the phone number of the account' }
      }
      const running = this.#linking?.pending && this.#linking.method === request.method
      const linking = running && this.#linking ? this.#linking : await this.#beginLink(request, by)
      const timer = setTimeout(
        () => this.#closeLink('failed', 'WhatsApp did not answer'),
        this.#deps.timings.linkMs,
      )
      const first = await linking.shown
      clearTimeout(timer)
      if (first.state !== 'failed') return { kind: 'started', link: linking.current }
      return { kind: 'unavailable', reason: first.reason ?? 'WhatsApp did not answer' }
    })
  }

  logout(by: Actor): Promise<AccountOutcome> {
    return this.#inTurn(async () => {
      const device = this.#device
      if (!device?.linked) return this.#wrongState('the account is not linked')
      const told = await this.#tellLogout()
      await this.#disconnect('logged out')
      await device.forget()
      await this.#deps.store.accounts.remove(this.#deps.account, {
        audit: [this.#notices.audit('accounts.logout', by, { told })],
        events: [this.#notices.event('account.logged_out', { reason: 'by_operator' })],
      })
      this.#device = undefined
      this.#phone = undefined
      this.#become(
        'unlinked',
        told ? undefined : 'WhatsApp could not be told: remove the device on the phone too',
      )
      return this.#done()
    })
  }

  restart(by: Actor): Promise<AccountOutcome> {
    return this.#inTurn(async () => {
      const device = this.#device
      if (!device?.linked) return this.#wrongState('the account is not linked')
      if (this.#state === 'paused') return this.#wrongState('the account is paused; resume it')
      await this.#deps.store.events.append({ audit: [this.#notices.audit('accounts.restart', by)] })
      await this.#disconnect('restarted')
      this.#connect(device)
      return this.#done()
    })
  }

  pause(by: Actor): Promise<AccountOutcome> {
    return this.#inTurn(async () => {
      if (!this.#device?.linked) return this.#wrongState('the account is not linked')
      if (this.#state === 'paused') return this.#done()
      const effects = { audit: [this.#notices.audit('accounts.pause', by)] }
      await this.#deps.store.accounts.setPaused(this.#deps.account, true, effects)
      await this.#disconnect('paused')
      this.#become('paused', `paused by ${by.principal}`)
      return this.#done()
    })
  }

  resume(by: Actor): Promise<AccountOutcome> {
    return this.#inTurn(async () => {
      const device = this.#device
      if (this.#state !== 'paused' || device === undefined)
        return this.#wrongState('the account is not paused')
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
    this.#announced = false
  }

  #connectionEvents(): ConnectionEvents {
    return {
      qr: text => this.#showQr(text),
      paired: () => this.#paired(),
      opened: () => this.#opened(),
      dropped: (reason, planned) => this.#dropped(reason, planned),
      ended: (code, reason) => this.#notices.unattended(this.#ended(code, reason)),
      credentialsChanged: () => this.#device?.save(),
      acknowledged: (id, error) => this.#traffic.acknowledged(id, error),
      receipt: receipt => this.#traffic.reported(receipt),
      arrived: entry => this.#traffic.arrived(entry),
    }
  }

  #opened(): void {
    const { account, log, onOpen } = this.#deps
    this.#phone = this.#device?.phone ?? this.#phone
    this.#become('open')
    this.#linking?.end('done')
    if (!this.#announced) this.#notices.tell('account.connected')
    this.#announced = true
    log.info('account.open', { account })
    onOpen(account)
  }

  #dropped(reason: string, planned: boolean): void {
    this.#become(this.#linking?.pending ? 'pairing' : 'connecting', reason)
    this.#traffic.abandon(reason)
    if (planned || !this.#announced) return
    this.#announced = false
    this.#notices.tell('account.disconnected', { reason })
  }

  async #ended(code: number | undefined, reason: string): Promise<void> {
    const { account, log } = this.#deps
    this.#traffic.abandon(reason)
    if (!this.#device?.linked) {
      if (code === 408) this.#closeLink('expired', 'nobody scanned the QR or entered the code in time')
      else this.#closeLink('failed', reason)
      return
    }
    log.warn('account.ended', { account, code, reason })
    this.#linking?.end('failed', reason)
    const { verdict } = meaningOf(code)
    if (verdict === 'logged-out') return await this.#loggedOut(reason)
    this.#become('closed', reason)
    if (verdict === 'replaced') this.#notices.tell('account.replaced', { reason })
    else if (this.#announced) this.#notices.tell('account.disconnected', { reason })
    if (isRestriction(code))
      this.#notices.tell('security.alert', { reason: 'account_restricted', detail: reason })
    this.#announced = false
  }

  /** WhatsApp has taken the device away: what is left of it is that it was there. */
  async #loggedOut(reason: string): Promise<void> {
    const { account, store, now } = this.#deps
    const device = this.#device
    this.#device = undefined
    this.#announced = false
    this.#become('logged_out', reason)
    await device?.forget()
    const events = [this.#notices.event('account.logged_out', { reason: 'by_phone' })]
    const audit = [this.#notices.audit('accounts.logged_out', SYSTEM)]
    const phone = this.#phone === undefined ? {} : { phone: this.#phone }
    const row = { account, credentials: new Uint8Array(0), loggedOutAt: now(), ...phone }
    await store.accounts.put(row, { events, audit })
    await store.signalKeys.clear(account)
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

  // --- linking

  async #beginLink(request: LinkRequest, by: Actor): Promise<Linking> {
    const { account, store, now, log, timings } = this.#deps
    this.#linking?.end('failed', 'another attempt was begun')
    await this.#disconnect('linking again')
    await this.#device?.forget()
    const audit = [this.#notices.audit('accounts.link', by, { method: request.method, state: 'started' })]
    await store.events.append({ audit })
    if (await store.accounts.isPaused(account)) await store.accounts.setPaused(account, false)
    await store.signalKeys.clear(account)
    this.#device = LinkedDevice.fresh(this.#deps)
    this.#linkedBy = by
    const linking = new Linking(request, now, timings.qrMs)
    this.#linking = linking
    this.#become('pairing')
    this.#connection.start(this.#device)
    log.info('account.link_started', { account, method: request.method })
    return linking
  }

  #showQr(text: string): void {
    const linking = this.#linking
    if (linking?.phone === undefined) linking?.qr(text)
    // With a code asked for, the server goes on offering QRs.
    else if (linking.current.code === undefined)
      this.#notices.unattended(this.#showCode(linking, linking.phone))
  }

  async #showCode(linking: Linking, phone: string): Promise<void> {
    const code = await this.#connection.early?.pairingCode(phone)
    if (code !== undefined) linking.code(code)
  }

  async #paired(): Promise<void> {
    const { now } = this.#deps
    this.#linking?.scanned()
    this.#phone = this.#device?.phone
    const phone = this.#phone === undefined ? {} : { phone: this.#phone }
    const audit = [this.#notices.audit('accounts.link', this.#linkedBy, { state: 'done' })]
    await this.#device?.link(now(), { audit, events: [this.#notices.event('account.linked', phone)] })
  }

  #closeLink(state: 'expired' | 'failed', reason: string): void {
    this.#notices.unattended(Promise.all([this.#connection.stop(), this.#device?.forget()]))
    this.#device = undefined
    this.#linking?.end(state, reason)
    this.#become('unlinked', reason)
  }

  // --- small change

  #become(state: AccountState, reason?: string): void {
    this.#state = state
    this.#reason = reason
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
