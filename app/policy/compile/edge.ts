import { duration, size, timeout } from '../shape/notation.ts'
import type { Edge, Site, SiteName } from '../snapshot.ts'
import type { DeclaredEdge, DeclaredSite } from './declared.ts'
import { mapOf, parsedOr } from './values.ts'

const MIB = 1_048_576
const DEFAULTS = {
  maxBodyBytes: MIB,
  maxUploadBytes: 64 * MIB,
  headerTimeoutMs: 5_000,
  bodyTimeoutMs: 30_000,
  idleTimeoutMs: 120_000,
} as const

/** The edge with its defaults filled in. */
export function compileEdge({ tls, sites, basicAuthUsers, limits }: DeclaredEdge): Edge {
  const compiled: Partial<Record<SiteName, Site>> = {}
  for (const name of ['api', 'keys', 'dashboard', 'hooks'] as const) {
    const declared = sites[name]
    if (declared !== undefined) compiled[name] = compileSite(declared)
  }
  return {
    tls: tls ?? { mode: 'internal' },
    sites: compiled,
    basicAuthUsers: mapOf(basicAuthUsers ?? {}, user => user.passwordRef),
    limits: {
      maxBodyBytes: parsedOr(size, limits?.maxBody, DEFAULTS.maxBodyBytes),
      maxUploadBytes: parsedOr(size, limits?.maxUpload, DEFAULTS.maxUploadBytes),
      headerTimeoutMs: parsedOr(timeout, limits?.headerTimeout, DEFAULTS.headerTimeoutMs),
      bodyTimeoutMs: parsedOr(timeout, limits?.bodyTimeout, DEFAULTS.bodyTimeoutMs),
      idleTimeoutMs: parsedOr(duration, limits?.idleTimeout, DEFAULTS.idleTimeoutMs),
    },
  }
}

function compileSite(site: DeclaredSite): Site {
  return {
    address: site.address,
    clientCertificates: site.clientCertificates === 'required',
    apiKeys: site.apiKeys === true,
    networks: site.networks ?? [],
    basicAuth: site.basicAuth ?? [],
  }
}
