import { type Actor, SYSTEM } from '../../model/audit.ts'
import type { LinkOutcome, LinkRequest } from '../outcomes.ts'
import type { Timings } from '../timings.ts'
import { Linking } from './linking.ts'
import type { Notices } from './notices.ts'

export type LinkDeskDeps = {
  readonly notices: Notices
  readonly now: () => Date
  readonly timings: Pick<Timings, 'linkMs' | 'qrMs'>
  /** Asks the connection of the moment for a code to type on the phone; undefined when there is none. */
  readonly pairingCode: (phone: string) => Promise<string | undefined>
}

/** Where people link an account: the attempt of the moment, what it shows, and who began it. */
export class LinkDesk {
  readonly #deps: LinkDeskDeps
  #linking: Linking | undefined
  #by: Actor = SYSTEM

  constructor(deps: LinkDeskDeps) {
    this.#deps = deps
  }

  get linking(): Linking | undefined {
    return this.#linking
  }

  get by(): Actor {
    return this.#by
  }

  get isPending(): boolean {
    return this.#linking?.pending === true
  }

  /** The attempt of this kind that is still going on. */
  running(method: LinkRequest['method']): Linking | undefined {
    return this.isPending && this.#linking?.method === method ? this.#linking : undefined
  }

  begin(request: LinkRequest, by: Actor): Linking {
    const { now, timings } = this.#deps
    this.#by = by
    this.#linking = new Linking(request, now, timings.qrMs)
    return this.#linking
  }

  /** Waits for the first QR or code; `onSilence` ends the attempt when there is none in time. */
  async firstSight(linking: Linking, onSilence: () => void): Promise<LinkOutcome> {
    const timer = setTimeout(onSilence, this.#deps.timings.linkMs)
    const first = await linking.shown
    clearTimeout(timer)
    if (first.state !== 'failed') return { kind: 'started', link: linking.current }
    return { kind: 'unavailable', reason: first.reason ?? 'WhatsApp did not answer' }
  }

  /** With a code asked for, the server goes on offering QRs. */
  offered(qr: string): void {
    const linking = this.#linking
    if (linking?.phone === undefined) linking?.qr(qr)
    else if (linking.current.code === undefined)
      this.#deps.notices.unattended(this.#showCode(linking, linking.phone))
  }

  scanned(): void {
    this.#linking?.scanned()
  }

  end(state: 'done' | 'expired' | 'failed', reason?: string): void {
    this.#linking?.end(state, reason)
  }

  async #showCode(linking: Linking, phone: string): Promise<void> {
    const code = await this.#deps.pairingCode(phone)
    if (code !== undefined) linking.code(code)
  }
}
