import type { Link, LinkMethod } from '../../model/account.ts'

const FIRST_QR_MS = 60_000
const NEXT_QR_MS = 20_000
const CODE_MS = 160_000 // as long as WhatsApp keeps the registration open

/** One attempt to link an account: what a person sees until it is done, and the promise of the first thing to see. */
export class Linking {
  readonly method: LinkMethod
  /** The number that a pairing code is for. */
  readonly phone: string | undefined
  /** Resolves when there is a QR or a code to show, or the attempt has ended before. */
  readonly shown: Promise<Link>
  readonly #now: () => Date
  #link: Link
  #show: (link: Link) => void = () => {}
  readonly #qrMs: number | undefined
  #qrCount = 0

  /** `qrMs`: life of each QR, where WhatsApp's own pace is not in force. */
  constructor(request: { method: LinkMethod; phone?: string }, now: () => Date, qrMs?: number) {
    this.method = request.method
    this.phone = request.method === 'code' ? request.phone : undefined
    this.#now = now
    this.#qrMs = qrMs
    this.#link = { state: 'waiting', expiresAt: this.#in(FIRST_QR_MS) }
    this.shown = new Promise(resolve => {
      this.#show = resolve
    })
  }

  get current(): Link {
    return this.#link
  }

  get pending(): boolean {
    return this.#link.state === 'waiting' || this.#link.state === 'scanned'
  }

  qr(qr: string): void {
    this.#qrCount += 1
    const lifeMs = this.#qrCount === 1 ? FIRST_QR_MS : NEXT_QR_MS
    this.#become({ state: 'waiting', qr, expiresAt: this.#in(this.#qrMs ?? lifeMs) })
  }

  code(code: string): void {
    this.#become({ state: 'waiting', code, expiresAt: this.#in(CODE_MS) })
  }

  scanned(): void {
    this.#become({ state: 'scanned', expiresAt: this.#link.expiresAt })
  }

  /** Ends the attempt; a later end does not change an earlier one. */
  end(state: 'done' | 'expired' | 'failed', reason?: string): void {
    if (!this.pending) return
    this.#become({ state, expiresAt: this.#now(), ...(reason === undefined ? {} : { reason }) })
  }

  #become(link: Link): void {
    this.#link = link
    this.#show(link)
  }

  #in(ms: number): Date {
    return new Date(this.#now().getTime() + ms)
  }
}
