import { readUrl } from '../egress/url.ts'
import { reasonOf } from '../lib/error.ts'
import type { Download } from '../model/egress-port.ts'
import type { Library, Taken } from './library.ts'

/** Where a link leads, how much may come from there, and which private networks it may be in. */
export type Link = {
  readonly url: string
  readonly maxBytes: number
  readonly allowCidrs: readonly string[]
  /** PEM of a private CA to trust besides the system's. */
  readonly ca?: string
}

/**
 * `refused`: nothing may be fetched from there. `failed`: it did not come, or is nothing that is taken. `reason` follows
 * the link's name and tells a caller nothing about our networks; `detail` is for the log.
 */
export type Fetched =
  | Taken
  | { readonly kind: 'refused' | 'failed'; readonly reason: string; readonly detail?: string }

export type LinkDeps = { readonly library: Pick<Library, 'take'>; readonly download: Download }

/** For the whole of a file. */
const TIMEOUT_MS = 60_000
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'postern' }

/** Fetches the file of a link, through the guarded way out, and looks at it. Rejects with `store.nearly_full` alone. */
export async function fetchLink({ url, maxBytes, ...trust }: Link, deps: LinkDeps): Promise<Fetched> {
  const read = readUrl(url, {})
  if (read.kind === 'refused') return { kind: 'refused', reason: `cannot be fetched: ${read.reason}` }
  const answer = await deps.download({
    url,
    method: 'GET',
    headers: HEADERS,
    timeoutMs: TIMEOUT_MS,
    ...trust,
  })
  switch (answer.kind) {
    case 'refused':
      return {
        kind: 'refused',
        reason: 'leads to an address from which nothing may be fetched',
        detail: answer.reason,
      }
    case 'failed':
      return { kind: 'failed', reason: 'could not be reached', detail: answer.reason }
    case 'answered': {
      const { status, size = 0, body } = answer
      if (status === 200 && size <= maxBytes) return await take(body, maxBytes, deps)
      body.destroy()
      return { kind: 'failed', reason: status === 200 ? tooLarge(maxBytes) : answered(status) }
    }
  }
}

function answered(status: number): string {
  const redirect = status >= 300 && status < 400 ? ', and a redirect is not followed' : ''
  return `was answered with ${status}${redirect}`
}

async function take(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  { library }: LinkDeps,
): Promise<Fetched> {
  let broke: unknown
  async function* whole() {
    try {
      yield* body
    } catch (error) {
      broke = error
      throw error
    }
  }
  try {
    const taken = await library.take(whole(), maxBytes)
    switch (taken.kind) {
      case 'taken':
        return taken
      case 'too-large':
        return { kind: 'failed', reason: tooLarge(maxBytes) }
      case 'empty':
        return { kind: 'failed', reason: 'leads to an empty file' }
      case 'refused':
        return { kind: 'failed', reason: `leads to a file that ${taken.reason}` }
    }
  } catch (error) {
    if (broke === undefined) throw error
    return { kind: 'failed', reason: 'broke off while it was fetched', detail: reasonOf(broke) }
  }
}

function tooLarge(maxBytes: number): string {
  return `leads to a file of more than the ${maxBytes} bytes that are taken`
}
