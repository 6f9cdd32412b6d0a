import type { Readable } from 'node:stream'

/** One request out through the guarded connector. */
export type EgressRequest = {
  readonly url: string
  /** Lets `http:` addresses through as well; https alone when absent. */
  readonly plainHttp?: boolean
  readonly method: 'POST' | 'GET'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** CIDRs that may be reached although they are private; the only way to a private address. */
  readonly allowCidrs: readonly string[]
  /** PEM of a private CA to trust besides the system's. */
  readonly ca?: string
  readonly clientCertificate?: { readonly cert: string; readonly key: string }
  readonly timeoutMs: number
  /** Of this time, how much of it the far side may be silent in the middle of its answer; all when absent. */
  readonly silenceMs?: number
}

/** `refused`: the address is forbidden, and asking again will not help. `failed`: the far side or the way to it did. */
export type EgressAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly retryAfterMs?: number
      /** The first 16 KiB of the answer. */
      readonly bodyHead: string
    }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

/** An answer whose body is still to come. Whoever has it reads the body to its end or destroys it; it fails when the time is over. */
export type EgressDownload =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** What the far side says that it will send. */
      readonly size?: number
      readonly body: Readable
    }
  | Exclude<EgressAnswer, { kind: 'answered' }>

/** Never throws. */
export type Egress = { request(request: EgressRequest): Promise<EgressAnswer>; close(): Promise<void> }

/** Never throws; what fails later fails in the body. */
export type Download = (request: EgressRequest) => Promise<EgressDownload>
