import type { Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { PROXY_URI } from '../../identity/pki/names.ts'
import type { Log } from '../../lib/log.ts'

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
  server.on('tlsClientError', (error, { authorizationError }) => {
    const reason: unknown = authorizationError ?? ('code' in error ? error.code : 'TLS')
    // Left before it showed anything. Whoever checks the app's health does so every few seconds, and would bury the rest.
    if (reason === 'ECONNRESET') return log.debug('hop.left')
    log.warn('hop.refused', { reason: String(reason) })
  })
}
