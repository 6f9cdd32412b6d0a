import { present } from '../../lib/present.ts'
import { instant, serial } from '../shape/notation.ts'
import type { Principal } from '../snapshot.ts'
import type { Declared, PersonSpec, ServiceSpec } from './declared.ts'
import { parsed } from './values.ts'

/** Services and people by name. */
export function compilePrincipals({ services, people }: Declared): ReadonlyMap<string, Principal> {
  const all = [
    ...Object.entries(services).map(([name, declared]) => service(name, declared)),
    ...Object.entries(people).map(([name, declared]) => person(name, declared)),
  ]
  const sorted = all.sort((a, b) => (a.name < b.name ? -1 : 1))
  return new Map(sorted.map(principal => [principal.name, principal]))
}

/** Serial numbers that no certificate may have any more. */
export function compileRevoked({ revoked }: Declared): ReadonlySet<string> {
  return new Set(revoked.map(entry => parsed(serial, entry.serial)))
}

function service(name: string, { mtls, apiKey, ...rest }: ServiceSpec): Principal {
  const credentials = present({ sanUri: mtls?.sanUri, apiKeyHashRef: apiKey?.hashRef })
  return { name, kind: 'service', roles: [], ...shared(rest), ...credentials }
}

function person(name: string, { email, roles, ...rest }: PersonSpec): Principal {
  return { name, kind: 'operator', roles: roles ?? [], ...shared(rest), ...present({ email }) }
}

function shared({ networks, owner, expires }: Omit<ServiceSpec, 'mtls' | 'apiKey'>) {
  const expiresAt = expires === undefined ? undefined : parsed(instant, expires)
  return { networks: networks ?? [], ...present({ owner, expiresAt }) }
}
