import { lookup as resolve } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { SecureContext } from 'node:tls'
import { buildConnector, Client } from 'undici'
import { reasonOf } from '../lib/error.ts'
import type { Egress, EgressAnswer, EgressRequest } from '../model/egress-port.ts'
import { readHead, retryAfterMs } from './answer.ts'
import { createTrust } from './trust.ts'
import { type Lookup, type VetDeps, vet } from './vet.ts'

export type EgressDeps = {
  readonly now: () => Date
  /** The system's resolver when absent. */
  readonly lookup?: Lookup
  /** The interfaces of this machine when absent. */
  readonly ownAddresses?: () => readonly string[]
}

const CONNECT_TIMEOUT_MS = 5_000
const HEADERS_TIMEOUT_MS = 15_000
const CLOSING = 'the appliance is stopping'

/**
 * The only way out over HTTP. It connects to addresses it has vetted itself, under the original name for TLS and `Host`,
 * follows no redirect, knows no proxy and keeps no connection: every request is vetted anew.
 */
export function createEgress(deps: EgressDeps): Egress {
  const closing = new AbortController()
  const trust = createTrust()
  const vetDeps: VetDeps = {
    lookup: deps.lookup ?? systemLookup,
    ownAddresses: deps.ownAddresses ?? interfaceAddresses,
  }

  return {
    async request(request) {
      const url = readUrl(request.url)
      if (typeof url === 'string') return { kind: 'refused', reason: url }
      const deadline = AbortSignal.timeout(request.timeoutMs)
      const signal = AbortSignal.any([closing.signal, deadline])
      try {
        return await reach(url, request, signal)
      } catch (error) {
        if (closing.signal.aborted) return { kind: 'failed', reason: CLOSING }
        if (deadline.aborted) return { kind: 'failed', reason: `no answer within ${request.timeoutMs} ms` }
        return { kind: 'failed', reason: reasonOf(error) }
      }
    },
    async close() {
      closing.abort()
    },
  }

  async function reach(url: URL, request: EgressRequest, signal: AbortSignal): Promise<EgressAnswer> {
    const vetted = await within(vet(url.hostname, request.allowCidrs, vetDeps), signal)
    if (vetted.kind !== 'vetted') return vetted
    const client = new Client(url.origin, {
      connect: connectTo(vetted.addresses, url.hostname, trust(request)),
      headersTimeout: HEADERS_TIMEOUT_MS,
      bodyTimeout: request.timeoutMs,
    })
    try {
      const answer = await client.request({
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        signal,
      })
      const after = retryAfterMs(answer.headers['retry-after'], deps.now())
      const bodyHead = await readHead(answer.body)
      return {
        kind: 'answered',
        status: answer.statusCode,
        ...(after === undefined ? {} : { retryAfterMs: after }),
        bodyHead,
      }
    } finally {
      await client.destroy()
    }
  }
}

/** The URL, or the sentence that refuses it. */
function readUrl(text: string): URL | string {
  const url = URL.parse(text)
  if (url === null) return 'the address is no URL'
  if (url.protocol !== 'https:') return 'only https addresses may be reached'
  if (url.username !== '' || url.password !== '') return 'the address carries credentials'
  return url
}

/** A connector that can reach nothing but these addresses, tried in their order within the connect time. */
function connectTo(
  addresses: readonly string[],
  host: string,
  secureContext: SecureContext,
): buildConnector.connector {
  const connect = buildConnector({
    secureContext,
    timeout: Math.max(1_000, CONNECT_TIMEOUT_MS / addresses.length),
    allowH2: false,
    maxCachedSessions: 0, // a resumed session would skip the check of the certificate
  })
  const name = host.replace(/\.$/, '')
  const servername = host.startsWith('[') || isIP(name) !== 0 ? '' : name // TLS knows no addresses as names
  return (options, callback) => {
    const tryFrom = (index: number) => {
      const hostname = addresses[index]
      if (hostname === undefined) throw new RangeError('no address left to connect to')
      connect({ ...options, hostname, servername }, (...result) => {
        if (result[0] !== null && index + 1 < addresses.length) return tryFrom(index + 1)
        callback(...result)
      })
    }
    tryFrom(0)
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

async function systemLookup(hostname: string): Promise<readonly string[]> {
  const found = await resolve(hostname, { all: true, order: 'verbatim' })
  return found.map(entry => entry.address)
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap(entries => (entries ?? []).map(entry => entry.address))
}
