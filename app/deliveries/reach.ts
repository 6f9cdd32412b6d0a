import type { Secret } from '../lib/secret.ts'
import type { EgressRequest } from '../model/egress-port.ts'
import type { Endpoint } from '../policy/snapshot.ts'

/** How an endpoint may be reached: which private addresses, whom TLS trusts there, who we are to it, and for how long. */
export function reachOf(
  { caRef, clientCertificateRef, allowCidrs, timeoutMs }: Endpoint,
  readSecret: (ref: string) => Secret,
): Pick<EgressRequest, 'allowCidrs' | 'timeoutMs' | 'ca' | 'clientCertificate'> {
  const pem = (ref: string) => readSecret(ref).reveal().toString('utf8')
  const own = clientCertificateRef === undefined ? undefined : pem(clientCertificateRef)
  return {
    allowCidrs,
    timeoutMs,
    ...(caRef === undefined ? {} : { ca: pem(caRef) }),
    ...(own === undefined ? {} : { clientCertificate: { cert: own, key: own } }), // OpenSSL takes its own part of each
  }
}
