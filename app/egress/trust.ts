import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { EgressRequest } from '../model/egress-port.ts'

/** What TLS is told about whom to trust and who we are. Throws when a PEM is none. */
export type Trust = (request: Pick<EgressRequest, 'ca' | 'clientCertificate'>) => SecureContext

const MAX_KEPT = 100

/**
 * Makes trust and keeps it: reading the system's certificates takes some 30 ms, too long for every request. A changed
 * CA or certificate is a new entry, so nothing goes stale.
 */
export function createTrust(): Trust {
  const kept = new Map<string, SecureContext>()
  return ({ ca, clientCertificate }) => {
    const name = JSON.stringify([ca, clientCertificate?.cert, clientCertificate?.key])
    const known = kept.get(name)
    if (known !== undefined) return known
    const made = createSecureContext({
      ca: [...getCACertificates('default'), ...(ca === undefined ? [] : [ca])],
      ...clientCertificate,
    })
    const [oldest] = kept.keys()
    if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest)
    kept.set(name, made)
    return made
  }
}
