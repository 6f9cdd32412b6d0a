import { isIP } from 'node:net'
import type { SiteName } from '../../policy/snapshot.ts'

/**
 * What Caddy's headers say about a request. They can be believed because `proxy-pin.ts` lets nobody but Caddy in,
 * and Caddy strips them from what comes from outside.
 */
export type Hop =
  | { readonly kind: 'site'; readonly site: SiteName; readonly remoteIp: string }
  /** No site named: a health check of Caddy itself. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'unknown-site' }
  | { readonly kind: 'faulty'; readonly detail: string }

type RawHeaders = readonly string[]
type OneHeader = (name: string) => string | undefined

const SITES: ReadonlySet<string> = new Set(['api', 'keys', 'dashboard', 'hooks'] satisfies SiteName[])
/** Headers that decide something here: two of one name means two readers could disagree. */
const SINGLE = /^(postern-.*|client-cert.*|authorization|idempotency-key|content-type|sec-fetch-site|origin)$/

export function readHop(rawHeaders: RawHeaders, header: OneHeader): Hop {
  const repeated = repeatedHeader(rawHeaders)
  if (repeated !== undefined) return { kind: 'faulty', detail: `The header ${repeated} is there twice.` }
  const site = header('postern-site')
  if (site === undefined) return { kind: 'probe' }
  if (!isSite(site)) return { kind: 'unknown-site' }
  const remoteIp = header('postern-remote-ip') ?? ''
  if (isIP(remoteIp) === 0)
    return { kind: 'faulty', detail: 'The proxy did not say where the request came from.' }
  return { kind: 'site', site, remoteIp }
}

function repeatedHeader(rawHeaders: RawHeaders): string | undefined {
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (SINGLE.test(name) && seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}

function isSite(site: string): site is SiteName {
  return SITES.has(site)
}
