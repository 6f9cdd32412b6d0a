import { createHash } from 'node:crypto'
import { Pool } from 'undici'
import type { EgressRequest } from '../model/egress-port.ts'
import { dialer } from './dial.ts'
import { createTrust } from './trust.ts'
import type { VetDeps } from './vet.ts'

/** Connections to one origin under one set of networks and one trust, with how often one was opened. */
export type Line = { readonly pool: Pool; readonly opened: () => number }

export type Lines = {
  /** The line that this request shares with those like it. */
  get(url: URL, request: EgressRequest): Line
  /** One for a single use; the caller destroys it. */
  fresh(url: URL, request: EgressRequest): Line
  close(): Promise<void>
}

const HEADERS_TIMEOUT_MS = 15_000
/** Idle longer than this, a connection is closed: most servers wait longer, so that a request seldom meets a closed door. */
const IDLE_MS = 4_000
/** As long at most when the server itself promises to wait. */
const MAX_IDLE_MS = 30_000
/** A busy connection ends after this as well, so that the name is resolved and vetted again. */
const LIFE_MS = 60_000
const MAX_LINES = 200

/**
 * Keeps connections for reuse: a TLS handshake costs both sides more than the webhook it carries. What shares a
 * connection has the same origin, the same allowed networks and the same trust, so that a policy which changes one of
 * them never meets a connection made before.
 */
export function createLines(deps: VetDeps): Lines {
  const lines = new Map<string, Line>()
  const trust = createTrust()

  function fresh(url: URL, request: EgressRequest): Line {
    let opened = 0
    const dial = dialer(
      { hostname: url.hostname, allowCidrs: request.allowCidrs, trust: trust(request) },
      deps,
    )
    const pool = new Pool(url.origin, {
      connect: (options, callback) => {
        opened++
        dial(options, callback)
      },
      allowH2: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: MAX_IDLE_MS,
      clientTtl: LIFE_MS,
    })
    return { pool, opened: () => opened }
  }

  return {
    fresh,
    get(url, request) {
      const name = nameOf(url, request)
      const line = lines.get(name) ?? fresh(url, request)
      lines.delete(name) // and in again: the map's order is that of the last use
      lines.set(name, line)
      const [oldest] = lines
      if (lines.size > MAX_LINES && oldest !== undefined) {
        lines.delete(oldest[0])
        void oldest[1].pool.close()
      }
      return line
    },
    async close() {
      const all = [...lines.values()]
      lines.clear()
      await Promise.all(all.map(({ pool }) => pool.destroy()))
    },
  }
}

function nameOf(url: URL, { allowCidrs, ca, clientCertificate }: EgressRequest): string {
  const identity = JSON.stringify([ca, clientCertificate?.cert, clientCertificate?.key])
  const digest = createHash('sha256').update(identity).digest('base64')
  return JSON.stringify([url.origin, [...allowCidrs].sort(), digest])
}
