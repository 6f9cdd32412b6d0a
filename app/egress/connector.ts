import { lookup as resolve } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { reasonOf } from '../lib/error.ts'
import type { Download, Egress, EgressAnswer, EgressDownload, EgressRequest } from '../model/egress-port.ts'
import { readHead, retryAfterMs } from './answer.ts'
import { NotVetted } from './dial.ts'
import { createLines, type Line, type Lines } from './pools.ts'
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
export function createEgress(deps: EgressDeps): Egress & { readonly download: Download } {
  const { now } = deps
  const deadlines = createDeadlines()
  let closed = false
  const lines = createLines({
    lookup: deps.lookup ?? systemLookup,
    ownAddresses: deps.ownAddresses ?? interfaceAddresses,
  })

  return {
    request: request => guarded(request, (url, signal) => reach(url, request, signal)),
    download: request =>
      guarded(request, (url, signal, kept) => take(lines, { url, request, signal, now, kept })),
    async close() {
      closed = true
      deadlines.endAll(CLOSING)
      await lines.close()
    },
  }

  /** `work` may keep its deadline beyond its answer; then it calls what `kept` gives when it is over. */
  async function guarded<T>(
    request: EgressRequest,
    work: (url: URL, signal: AbortSignal, kept: () => () => void) => Promise<T>,
  ): Promise<T | NoAnswer> {
    const read = readUrl(request.url, request)
    if (read.kind === 'refused') return read
    if (closed) return { kind: 'failed', reason: CLOSING }
    const { signal, end } = deadlines.begin(request.timeoutMs)
    let isKept = false
    const kept = () => {
      isKept = true
      return end
    }
    try {
      return await work(read.url, signal, kept)
    } catch (error) {
      if (error instanceof NotVetted) return { kind: error.kind, reason: error.message }
      return { kind: 'failed', reason: reasonOf(signal.aborted ? signal.reason : error) }
    } finally {
      if (!isKept) end()
    }
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

/** Breaks requests off when their time is over. One controller for each: signals composed of others cost more than the rest. */
function createDeadlines() {
  const underWay = new Set<AbortController>()
  return {
    begin(timeoutMs: number): { readonly signal: AbortSignal; readonly end: () => void } {
      const ending = new AbortController()
      underWay.add(ending)
      const late = new Error(`no answer within ${timeoutMs} ms`)
      const timer = setTimeout(() => ending.abort(late), timeoutMs)
      const end = () => {
        clearTimeout(timer)
        underWay.delete(ending)
      }
      return { signal: ending.signal, end }
    },
    endAll(reason: string): void {
      for (const ending of underWay) ending.abort(new Error(reason))
    },
  }
}

type NoAnswer = Exclude<EgressAnswer, { kind: 'answered' }>

type Asked = {
  readonly url: URL
  readonly request: EgressRequest
  readonly signal: AbortSignal
  readonly now: () => Date
}

/** Over a connection of its own: a body may take minutes, and what comes late must not hold up a webhook. */
async function take(
  lines: Lines,
  { kept, ...asked }: Asked & { kept: () => () => void },
): Promise<EgressDownload> {
  const { pool } = lines.fresh(asked.url, asked.request)
  try {
    const { body, headers, statusCode: status } = await respond(pool, asked)
    const end = kept()
    body.once('close', () => {
      end()
      void pool.destroy()
    })
    body.on('error', () => {}) // whoever reads it hears of it; one that is destroyed unread fails too
    const size = Number(headers['content-length'] ?? Number.NaN)
    return { kind: 'answered', status, body, ...(Number.isSafeInteger(size) ? { size } : {}) }
  } catch (error) {
    await pool.destroy()
    throw error
  }
}

async function ask({ pool }: Line, asked: Asked): Promise<EgressAnswer> {
  const answer = await respond(pool, asked)
  const after = retryAfterMs(answer.headers['retry-after'], asked.now())
  const bodyHead = await readHead(answer.body)
  await setImmediate() // undici gives a connection free one turn after its answer; whoever asks next shall find it
  return {
    kind: 'answered',
    status: answer.statusCode,
    ...(after === undefined ? {} : { retryAfterMs: after }),
    bodyHead,
  }
}

function respond(pool: Line['pool'], { url, request, signal }: Asked): ReturnType<Line['pool']['request']> {
  const asked = pool.request({
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: request.headers,
    body: request.body ?? null,
    bodyTimeout: request.silenceMs ?? request.timeoutMs,
    signal,
  })
  return within(asked, signal) // undici hears the signal only once it is connected
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
