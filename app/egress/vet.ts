import { isIP } from 'node:net'
import { reasonOf } from '../lib/error.ts'
import { classify, reachedBy } from '../policy/addresses.ts'
import { ipInCidrs } from '../policy/networks.ts'

/** All addresses of a name, in the system's order. Rejects when it has none. */
export type Lookup = (hostname: string) => Promise<readonly string[]>

export type VetDeps = {
  readonly lookup: Lookup
  /** Addresses of this machine's own interfaces, public ones included. */
  readonly ownAddresses: () => readonly string[]
}

export type Vetted =
  | { readonly kind: 'vetted'; readonly addresses: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Resolves a host and judges every address of it: one forbidden address refuses the host, because which of them a
 * connection would take is nobody's promise. An IP literal goes the same way. Ask anew at every connect.
 */
export async function vet(hostname: string, allowCidrs: readonly string[], deps: VetDeps): Promise<Vetted> {
  const host = hostname.replace(/^\[|\]$/g, '')
  let addresses: readonly string[]
  try {
    addresses = isIP(host) === 0 ? await deps.lookup(host) : [host]
  } catch (error) {
    return { kind: 'failed', reason: `the name does not resolve: ${reasonOf(error)}` }
  }
  if (addresses.length === 0) return { kind: 'failed', reason: 'the name has no address' }
  const own = new Set(deps.ownAddresses().flatMap(reachedBy))
  for (const address of addresses) {
    const reason = objection(address, allowCidrs, own)
    if (reason !== undefined) return { kind: 'refused', reason }
  }
  return { kind: 'vetted', addresses }
}

function objection(
  address: string,
  allowCidrs: readonly string[],
  own: ReadonlySet<string>,
): string | undefined {
  const kind = classify(address)
  if (kind === 'never') return `${address} is a metadata address, which no policy can allow`
  if (kind === 'public' && !reachedBy(address).some(reached => own.has(reached))) return undefined
  if (isIP(address) !== 0 && ipInCidrs(address, allowCidrs)) return undefined
  return `${address} is a private, local or reserved address, and no network in allowNetworks contains it`
}
