import type { Backoff } from '../../lib/backoff.ts'
import { insist } from '../../lib/insist.ts'
import type { Log } from '../../lib/log.ts'
import { step } from '../../lib/step.ts'
import type { Link } from '../../model/account.ts'
import { type Actor, SYSTEM } from '../../model/audit.ts'
import type { Effects } from '../../store/effects.ts'
import type { Store } from '../../store/store.ts'
import type { Connection } from '../connection/connection.ts'
import type { LinkOutcome, LinkRequest } from '../outcomes.ts'
import { wordsOf } from '../socket/library-log.ts'
import type { Timings } from '../timings.ts'
import type { Custody } from './custody.ts'
import { Linking } from './linking.ts'
import type { Notices } from './notices.ts'
import type { Standing } from './standing.ts'

export type LinkDeskDeps = {
  readonly account: string
  readonly store: Store
  readonly log: Log
  readonly now: () => Date
  /** Gives [0, 1). */
  readonly random: () => number
  readonly timings: Pick<Timings, 'linkMs' | 'qrMs'>
  readonly notices: Notices
  readonly standing: Standing
  readonly custody: Custody
  readonly connection: Pick<Connection, 'start' | 'stop' | 'early'>
  /** Ends what connection there is. */
  readonly disconnect: (reason: string) => Promise<void>
}

const SILENT = 'WhatsApp did not answer'
const STORE_AGAIN: Backoff = { baseMs: 250, maxMs: 10_000 }

/** Where people link an account: from the wish to do so to the device that a phone has signed for, or to its end. */
export class LinkDesk {
  readonly #deps: LinkDeskDeps
  #linking: Linking | undefined
  #by: Actor = SYSTEM
  #stopping = new AbortController()

  constructor(deps: LinkDeskDeps) {
    this.#deps = deps
  }

  /** What the last attempt shows. */
  get link(): Link | undefined {
    return this.#linking?.current
  }

  get isPending(): boolean {
    return this.#linking?.pending === true
  }

  /** Resolves with the first QR or code of a new attempt, or of one of the same kind that is going on. */
  async ask(request: LinkRequest, by: Actor): Promise<LinkOutcome> {
    if (this.#deps.custody.linked) return { kind: 'already-linked' }
    if (request.method === 'code' && request.phone === undefined)
      return { kind: 'unavailable', reason: 'a pairing code needs the phone number of the account' }
    const linking = this.#running(request.method) ?? (await this.#begin(request, by))
    const timer = setTimeout(() => this.#close('failed', SILENT), this.#deps.timings.linkMs)
    const first = await linking.shown
    clearTimeout(timer)
    if (first.state !== 'failed') return { kind: 'started', link: linking.current }
    return { kind: 'unavailable', reason: first.reason ?? SILENT }
  }

  /** With a code asked for, the server goes on offering QRs. */
  offered(qr: string): void {
    const linking = this.#linking
    if (linking?.phone === undefined) linking?.qr(qr)
    else if (linking.current.code === undefined)
      this.#deps.notices.unattended(this.#showCode(linking, linking.phone))
  }

  /** A phone has signed, which cannot be taken back: a full disk is waited for, until the device is given up or `stop`. */
  async paired(): Promise<void> {
    const { account, log, random, custody, notices } = this.#deps
    this.#linking?.scanned()
    const { device } = custody
    const phone = device?.phone === undefined ? {} : { phone: device.phone }
    const told: Effects = {
      audit: [notices.audit('accounts.link', this.#by, { state: 'done' })],
      events: [notices.event('account.linked', phone)],
    }
    const keep = async () => {
      const isWanted = custody.device === device
      if (isWanted) await custody.keep(told)
      return isWanted
    }
    const kept = await insist(keep, {
      backoff: STORE_AGAIN,
      random,
      signal: this.#stopping.signal,
      onError: error => log.error('whatsapp.pairing_not_stored', { account, reason: wordsOf(error) }),
    })
    if (kept) step('session.linked')
  }

  /** The appliance is stopping. */
  stop(): void {
    this.#stopping.abort()
    this.#stopping = new AbortController()
    this.end('failed', 'the appliance is stopping')
  }

  /** The connection over which it was to be linked has ended. */
  cutOff(code: number | undefined, reason: string): void {
    if (code === 408) this.#close('expired', 'nobody scanned the QR or entered the code in time')
    else this.#close('failed', reason)
  }

  /** Ends the attempt, if one is going on. */
  end(state: 'done' | 'failed', reason?: string): void {
    this.#linking?.end(state, reason)
  }

  #running(method: LinkRequest['method']): Linking | undefined {
    return this.isPending && this.#linking?.method === method ? this.#linking : undefined
  }

  async #begin(request: LinkRequest, by: Actor): Promise<Linking> {
    const { account, store, log, now, timings, notices, standing, custody, connection } = this.#deps
    this.end('failed', 'another attempt was begun')
    await this.#deps.disconnect('linking again')
    await custody.discard()
    const audit = [notices.audit('accounts.link', by, { method: request.method, state: 'started' })]
    await store.events.append({ audit })
    if (await store.accounts.isPaused(account)) await store.accounts.setPaused(account, false)
    const device = await custody.replace()
    this.#by = by
    const linking = new Linking(request, now, timings.qrMs)
    this.#linking = linking
    standing.become('pairing')
    connection.start(device)
    log.info('account.link_started', { account, method: request.method })
    return linking
  }

  async #showCode(linking: Linking, phone: string): Promise<void> {
    const code = await this.#deps.connection.early?.pairingCode(phone)
    if (code !== undefined) linking.code(code)
  }

  #close(state: 'expired' | 'failed', reason: string): void {
    const { connection, custody, notices, standing } = this.#deps
    notices.unattended(Promise.all([connection.stop(), custody.discard()]))
    this.#linking?.end(state, reason)
    standing.become('unlinked', reason)
  }
}
