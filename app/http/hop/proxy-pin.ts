import type { Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Log } from '../../lib/log.ts'

/** The only peer that may speak to the app: not just any certificate of the internal CA, but the proxy's own. */
export const PROXY_URI = 'spiffe://postern/internal/proxy'

/**
 * Destroys every connection whose certificate carries another name than the proxy's, before HTTP reads a byte of it.
 * The chain itself has been verified by TLS by then (`requestCert` and `rejectUnauthorized`).
 */
export function pinProxy(server: Server, log: Log): void {
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (socket.authorized && socket.getPeerX509Certificate()?.subjectAltName === `URI:${PROXY_URI}`) return
    log.warn('hop.refused', { reason: 'the peer is not the proxy' })
    socket.destroy()
  })
  server.on('tlsClientError', error => {
    log.warn('hop.refused', { reason: 'code' in error ? String(error.code) : 'TLS' })
  })
}
