import { createHash } from 'node:crypto'
import { PosternError } from '../lib/error.ts'
import { parseCidr } from './networks.ts'
import { leadsToHttps, plainHttpLines, siteLines } from './render-site.ts'
import type { Edge, PolicySnapshot, SiteName } from './snapshot.ts'

/** What the machine adds to the policy. */
export type EdgeFacts = {
  /** Addresses to listen on for sites named `localhost`, which otherwise listen everywhere. Containers leave it out. */
  readonly loopback?: readonly string[]
}

const ORDER: readonly SiteName[] = ['api', 'keys', 'dashboard', 'hooks']
/** Time for an ordinary answer to be taken; uploads and streams have their own in proxy/sizes.caddy. */
const WRITE_TIMEOUT_MS = 120_000
/** The app holds bodies to the policy's time; Caddy ends what it leaves. */
const BODY_SLACK_MS = 5_000
const HEADING = '# Rendered from the policy: edit policies/ and apply, not this file.'

/**
 * The part of the Caddy configuration that the policy decides: the snippets `policy-timeouts` and `policy-sites`, which
 * the Caddyfile imports. The same snapshot and facts give the same bytes, formatted as `caddy fmt` would. Machine paths
 * stay out (`{$EDGE_SECRETS}`). Throws PosternError `edge.*` for a value that must not be written into a configuration.
 */
export function renderEdge(snapshot: PolicySnapshot, facts: EdgeFacts): string {
  const { edge } = snapshot
  const lines = [
    HEADING,
    '(policy-timeouts) {',
    ...indent(timeoutLines(edge.limits)),
    '}',
    '',
    '(policy-sites) {',
    ...indent(sitesOf(snapshot, facts)),
    '}',
  ]
  return `${lines.join('\n')}\n`
}

/** The name under which a rendered part is handed to the edge side: hex SHA-256 of its bytes. */
export function edgeDigest(part: string): string {
  return createHash('sha256').update(part).digest('hex')
}

function sitesOf(snapshot: PolicySnapshot, facts: EdgeFacts): string[] {
  const { edge } = snapshot
  const blocks = ORDER.flatMap(name => {
    const site = edge.sites[name]
    if (site === undefined) return []
    const cidrs = cidrsOf(snapshot, name, site.networks)
    const lines = siteLines({ name, site, edge, cidrs, loopback: facts.loopback ?? [] })
    return name === 'dashboard' && leadsToHttps(edge) ? [lines, ...plainHttpLines({ site, cidrs })] : [lines]
  })
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]))
}

function timeoutLines(limits: Edge['limits']): string[] {
  return [
    'timeouts {',
    ...indent([
      `read_header ${milliseconds(limits.headerTimeoutMs)}`,
      `read_body ${milliseconds(limits.bodyTimeoutMs + BODY_SLACK_MS)}`,
      `write ${WRITE_TIMEOUT_MS}ms`,
      `idle ${milliseconds(limits.idleTimeoutMs)}`,
    ]),
    '}',
  ]
}

/** Zero would mean no limit to Caddy. */
function milliseconds(value: number): string {
  if (Number.isSafeInteger(value) && value > 0) return `${value}ms`
  throw new PosternError(
    'edge.limit',
    `limits: expected a whole number of milliseconds above 0, got ${value}`,
  )
}

function cidrsOf(snapshot: PolicySnapshot, site: SiteName, networks: readonly string[]): string[] {
  const cidrs = networks.flatMap(name => {
    const network = snapshot.networks.get(name)
    if (network !== undefined) return [...network.cidrs]
    throw new PosternError(
      'edge.network',
      `site ${site}: the network ${JSON.stringify(name)} is not declared`,
    )
  })
  for (const cidr of cidrs) {
    if (parseCidr(cidr) === undefined) {
      throw new PosternError('edge.network', `site ${site}: ${JSON.stringify(cidr)} is no address range`)
    }
  }
  return [...new Set(cidrs)]
}

function indent(lines: readonly string[]): string[] {
  return lines.map(line => (line === '' ? '' : `\t${line}`))
}
