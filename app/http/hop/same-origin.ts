import type { PolicySnapshot, SiteName } from '../../policy/snapshot.ts'

type Asked = { readonly site: SiteName; readonly method: string; header(name: string): string | undefined }

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * False when a request with an effect, or for a WebSocket, comes from a page that is not ours, or on the dashboard from no page at all. A
 * browser shows its user's password and client certificate on behalf of whatever page asks, but it also sends
 * `Sec-Fetch-Site`, which pages cannot forge; `Origin` stands in where that is missing. Programs on the api site send
 * neither. An API key is shown by nobody but its owner.
 */
export function mayHaveEffect({ site, method, header }: Asked, snapshot: PolicySnapshot): boolean {
  if (SAFE.has(method) || site === 'keys') return true
  const fetchSite = header('sec-fetch-site')
  if (fetchSite !== undefined) return fetchSite === 'same-origin'
  const origin = header('origin')
  if (origin === undefined) return site === 'api'
  const address = snapshot.edge.sites[site]?.address
  return address !== undefined && origin === new URL(address).origin
}
