import type { Diagnostic } from '../diagnostic.ts'
import type { Shape } from '../shape/check-shape.ts'
import { cidr as cidrNotation, origin } from '../shape/notation.ts'
import { entriesOf, repeats, tell, warn } from './entries.ts'
import { type KnownNames, placeOf } from './names.ts'

const WIDEST_IPV4 = 16
const WIDEST_IPV6 = 32

/** Tells of sites with one address, basic-auth users who are nobody, and networks that are too wide. */
export function checkSites(shapes: readonly Shape[], names: KnownNames): readonly Diagnostic[] {
  return [...sites(shapes), ...basicAuthUsers(shapes, names), ...networks(shapes)]
}

function sites(shapes: readonly Shape[]): readonly Diagnostic[] {
  const addresses = entriesOf(shapes, 'Edge', 'sites').flatMap(site => {
    const { address } = site.value
    const known = typeof address === 'string' && origin.parse(address) !== undefined
    return known ? [{ ...site, path: [...site.path, 'address'], key: new URL(address).host }] : []
  })
  return repeats(addresses, (_, first) => ({
    code: 'PS-2203',
    message: `this address is already that of the site "${first.name}"`,
    hint: `the first is ${placeOf({ document: first.shape.document, path: first.path })}`,
    effect: 'requests for one site could reach the other',
  }))
}

function basicAuthUsers(shapes: readonly Shape[], names: KnownNames): readonly Diagnostic[] {
  if (names.isUnsure('person')) return []
  return entriesOf(shapes, 'Edge', 'basicAuthUsers')
    .filter(user => !names.of('person').has(user.name))
    .map(user =>
      tell(user, {
        code: 'PS-2108',
        path: user.path,
        at: 'key',
        message: `the basic-auth user "${user.name}" is no person of Principals`,
        hint: `add ${user.name} to people, with its roles`,
        effect: 'whoever enters as this user could do nothing',
      }),
    )
}

function networks(shapes: readonly Shape[]): readonly Diagnostic[] {
  return entriesOf(shapes, 'Networks').flatMap(network => {
    const cidrs = Array.isArray(network.value.cidrs) ? network.value.cidrs : []
    return cidrs.flatMap((text: unknown, index) => {
      const cidr = typeof text === 'string' ? cidrNotation.parse(text) : undefined
      if (cidr === undefined || isLoopback(cidr.address)) return []
      if (cidr.prefix >= (cidr.family === 'ipv4' ? WIDEST_IPV4 : WIDEST_IPV6)) return []
      const message = `the network "${network.name}" is wide: ${text}`
      const place = { path: [...network.path, 'cidrs', index], at: 'value' } as const
      const hint = 'name the ranges that are meant, each by itself'
      return [warn(network, { code: 'PS-3102', ...place, message, hint })]
    })
  })
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}
