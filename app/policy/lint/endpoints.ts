import { isIP } from 'node:net'
import { classify } from '../addresses.ts'
import { entriesOf, warn } from '../check/entries.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { ipInCidrs, ipInNetworks } from '../networks.ts'
import type { Endpoint, PolicySnapshot } from '../snapshot.ts'
import type { Linted } from './lint.ts'

type Objection = { readonly why: string; readonly hint: string }

/**
 * Tells of endpoints whose address no delivery may go to. Of names only `localhost` says by itself where it leads: all others
 * are looked up at every connect, and never here, so that a check needs no network.
 */
export function farEndpoints({ shapes, snapshot }: Linted): readonly Diagnostic[] {
  return entriesOf(shapes, 'Webhooks', 'endpoints').flatMap(entry => {
    const endpoint = snapshot.endpoints.get(entry.name)
    const found = endpoint && objection(endpoint, snapshot)
    if (found === undefined) return []
    const message = `endpoint "${entry.name}" cannot be reached: ${found.why}`
    const effect = 'every delivery to it fails'
    const place = { path: [...entry.path, 'url'], at: 'value' } as const
    return [warn(entry, { code: 'PS-3112', ...place, message, hint: found.hint, effect })]
  })
}

function objection({ url, allowCidrs }: Endpoint, snapshot: PolicySnapshot): Objection | undefined {
  const address = addressOf(new URL(url).hostname)
  if (address === undefined) return undefined
  const kind = classify(address)
  if (kind === 'never') {
    const hint = 'name another host: no network can allow this one'
    return { why: `${address} is a metadata address`, hint }
  }
  if (kind === 'public' || ipInCidrs(address, allowCidrs)) return undefined
  const network = [...snapshot.networks.keys()].find(name => ipInNetworks(snapshot, address, [name]))
  const hint = `add allowNetworks: [${network ?? `NAME of a network that holds ${address}`}]`
  return { why: `${address} is a private, local or reserved address`, hint }
}

/** The address that a host is, or always stands for. */
function addressOf(host: string): string | undefined {
  if (/(^|\.)localhost\.?$/.test(host)) return '127.0.0.1'
  const literal = host.replace(/^\[|\]$/g, '')
  return isIP(literal) === 0 ? undefined : literal
}
