import type { PolicySnapshot } from '../../policy/snapshot.ts'

type OneHeader = (name: string) => string | undefined

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * True when a request on the dashboard may have an effect: the browser says that our own page sent it. A browser sends
 * `Sec-Fetch-Site` by itself and pages cannot forge it; `Origin` stands in where it is missing.
 */
export function isFromOurPage(method: string, header: OneHeader, snapshot: PolicySnapshot): boolean {
  if (SAFE.has(method)) return true
  const fetchSite = header('sec-fetch-site')
  if (fetchSite !== undefined) return fetchSite === 'same-origin'
  const address = snapshot.edge.sites.dashboard?.address
  return address !== undefined && header('origin') === new URL(address).origin
}
