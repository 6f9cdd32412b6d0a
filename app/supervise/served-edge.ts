import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { SiteName } from '../policy/snapshot.ts'

/** What has to be known of an edge to ask whether it answers. */
export type ServedEdge = {
  readonly tls: { readonly mode: 'internal' | 'acme' | 'files' }
  readonly sites: Readonly<Partial<Record<SiteName, { readonly address: string }>>>
}

/**
 * The sites of the part in place, read from the part itself: a policy that was applied later may serve others than the one that
 * `up` began with.
 */
export function servedEdge({ dataDir }: Pick<Config, 'dataDir'>): ServedEdge {
  const part = readFileSync(join(dataDir, 'edge', 'current.caddy'), 'utf8')
  const blocks = part.matchAll(/^\t(https:\/\/\S+) \{$([\s\S]*?)^\t\}$/gm)
  const sites: Partial<Record<SiteName, { address: string }>> = {}
  for (const [, address = '', lines = ''] of blocks) {
    const name = /^\t+import to-app (api|keys|dashboard|hooks)\b/m.exec(lines)?.[1]
    if (name !== undefined) sites[name as SiteName] = { address }
  }
  // Certificates of a public CA and from files are not told apart by anybody who asks for this.
  return { tls: { mode: /^\t+tls internal\b/m.test(part) ? 'internal' : 'files' }, sites }
}
