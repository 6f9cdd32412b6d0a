import type { Diagnostic } from '../diagnostic.ts'
import { isRecord } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { type Entry, entriesOf, type Keyed, repeats, tell, warn } from './entries.ts'
import { placeOf } from './names.ts'

/** Tells of services without a credential, credentials with two owners, and principals without a network. */
export function checkPrincipals(shapes: readonly Shape[]): readonly Diagnostic[] {
  const services = entriesOf(shapes, 'Principals', 'services')
  const credentials = services.flatMap(service => [
    ...credential(service, ['mtls', 'sanUri']),
    ...credential(service, ['apiKey', 'hashRef']),
  ])
  const everybody = [...services, ...entriesOf(shapes, 'Principals', 'people')]
  return [
    ...services
      .filter(({ value }) => value.mtls === undefined && value.apiKey === undefined)
      .map(service =>
        tell(service, {
          code: 'PS-1104',
          path: service.path,
          at: 'key',
          message: `missing "mtls" or "apiKey" in service "${service.name}"`,
          effect: 'nobody could ever be this service',
        }),
      ),
    ...repeats(credentials, (given, first) => ({
      code: 'PS-2201',
      message: `"${given.name}" has the same credential as "${first.name}"`,
      hint: `the first is ${placeOf({ document: first.shape.document, path: first.path })}`,
      effect: 'nobody could tell the two apart',
    })),
    ...everybody
      .filter(({ value }) => value.networks === undefined)
      .map(principal =>
        warn(principal, {
          code: 'PS-3103',
          path: principal.path,
          at: 'key',
          message: `"${principal.name}" names no networks: it may come from any address that the site lets in`,
          hint: 'give it networks',
        }),
      ),
  ]
}

function credential(service: Entry, path: readonly [string, string]): readonly Keyed[] {
  const holder = service.value[path[0]]
  const key = isRecord(holder) ? holder[path[1]] : undefined
  return typeof key === 'string' ? [{ ...service, path: [...service.path, ...path], key }] : []
}
