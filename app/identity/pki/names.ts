import { PosternError } from '../../lib/error.ts'

/** What the app demands of the certificate that Caddy shows it: not just any of the internal CA. */
export const PROXY_URI = 'spiffe://postern/internal/proxy'

const CLIENT_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** The URI SAN of a client's certificate, which a principal's `mtls.sanUri` names. Throws `pki.name`. */
export function clientUri(name: string): string {
  return `spiffe://postern/client/${parseClientName(name)}`
}

/** A client's name is part of file names and of a URI. Throws PosternError `pki.name`. */
export function parseClientName(name: string): string {
  if (CLIENT_NAME.test(name)) return name
  throw new PosternError(
    'pki.name',
    `client name: expected 1 to 63 of a-z, 0-9 and -, neither first nor last a -, got ${JSON.stringify(name)}`,
  )
}
