import { lookup as resolve } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { reasonOf } from '../lib/error.ts'
import type { Egress, EgressAnswer, EgressRequest } from '../model/egress-port.ts'
import { readHead, retryAfterMs } from './answer.ts'
import { NotVetted } from './dial.ts'
import { createLines, type Line } from './pools.ts'
import { readUrl } from './url.ts'
import type { Lookup } from './vet.ts'

export type EgressDeps = {
  readonly now: () => Date
  /** The system's resolver when absent. */
  readonly lookup?: Lookup
  /** The interfaces of this machine when absent. */
  readonly ownAddresses?: () => readonly string[]
}

const CLOSING = 'the appliance is stopping'
/** What a connection ends with that the other side had closed before it saw the request. */
const HUNG_UP = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/**
 * The only way out over HTTP. It connects to addresses it has vetted itself, at every connect anew, under the original
 * name for TLS and `Host`, follows no redirect and knows no proxy.
 */
export function createEgress(deps: EgressDeps): Egress {
  const { now } = deps
  // One controller for each request: signals composed of others cost more than the rest of what is done here.
  const underWay = new Set<AbortController>()
  let closed = false
  const lines = createLines({
    lookup: deps.lookup ?? systemLookup,
    ownAddresses: deps.ownAddresses ?? interfaceAddresses,
  })

  return {
    async request(request) {
      const read = readUrl(request.url, request)
      if (read.kind === 'refused') return read
      if (closed) return { kind: 'failed', reason: CLOSING }
      const ending = new AbortController()
      underWay.add(ending)
      const late = new Error(`no answer within ${request.timeoutMs} ms`)
      const timer = setTimeout(() => ending.abort(late), request.timeoutMs)
      try {
        return await reach(read.url, request, ending.signal)
      } catch (error) {
        if (error instanceof NotVetted) return { kind: error.kind, reason: error.message }
        return { kind: 'failed', reason: reasonOf(ending.signal.aborted ? ending.signal.reason : error) }
      } finally {
        clearTimeout(timer)
        underWay.delete(ending)
      }
    },
    async close() {
      closed = true
      for (const ending of underWay) ending.abort(new Error(CLOSING))
      await lines.close()
    },
  }

  /**
   * A kept connection may have been closed by the other side just as the request left; then it goes once more over a
   * new one. A receiver that saw it twice sees the same id twice.
   */
  async function reach(url: URL, request: EgressRequest, signal: AbortSignal): Promise<EgressAnswer> {
    const line = lines.get(url, request)
    const openedBefore = line.opened()
    try {
      return await ask(line, { url, request, signal, now })
    } catch (error) {
      if (!hungUp(error) || line.opened() > openedBefore || signal.aborted) throw error
    }
    const fresh = lines.fresh(url, request)
    try {
      return await ask(fresh, { url, request, signal, now })
    } finally {
      await fresh.pool.destroy()
    }
  }
}

type Asked = {
  readonly url: URL
  readonly request: EgressRequest
  readonly signal: AbortSignal
  readonly now: () => Date
}

async function ask({ pool }: Line, { url, request, signal, now }: Asked): Promise<EgressAnswer> {
  const asked = pool.request({
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: request.headers,
    body: request.body ?? null,
    bodyTimeout: request.timeoutMs,
    signal,
  })
  const answer = await within(asked, signal) // undici hears the signal only once it is connected
  const after = retryAfterMs(answer.headers['retry-after'], now())
  const bodyHead = await readHead(answer.body)
  await setImmediate() // undici gives a connection free one turn after its answer; whoever asks next shall find it
  return {
    kind: 'answered',
    status: answer.statusCode,
    ...(after === undefined ? {} : { retryAfterMs: after }),
    bodyHead,
  }
}

async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function hungUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && HUNG_UP.has(String(error.code))
}

async function systemLookup(hostname: string): Promise<readonly string[]> {
  const found = await resolve(hostname, { all: true, order: 'verbatim' })
  return found.map(entry => entry.address)
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap(entries => (entries ?? []).map(entry => entry.address))
}
