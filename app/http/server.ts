import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { createApplication } from './application.ts'
import type { HttpDeps } from './deps.ts'
import { takeUpgrades } from './events/upgrade.ts'
import { pinProxy } from './hop/proxy-pin.ts'
import { UPLOAD_WITHIN_MS } from './hop/slow-bodies.ts'

export type { HttpDeps } from './deps.ts'

export type Http = {
  /** Resolves once it accepts connections, with the port it got (asked for 0, the system chooses). */
  listen(address: { host: string; port: number }): Promise<{ port: number }>
  /** Takes nothing new, lets running requests end, and cuts off those that do not. */
  close(): Promise<void>
}

/** Caddy keeps idle connections for two minutes; closing them earlier here would lose requests that are on the way. */
const KEEP_ALIVE_MS = 150_000
const MAX_HEADER_BYTES = 64 * 1024
/** How exact the time limits are. */
const CHECK_EVERY_MS = 1_000
const CLOSE_WITHIN_MS = 3_000

/** The HTTPS server that speaks to Caddy and to nobody else. */
export function createHttp(deps: HttpDeps): Http {
  const closing = new AbortController()
  const app = createApplication(deps, closing.signal)
  const tls = () => ({ ...deps.hop.current(), minVersion: 'TLSv1.3' as const })
  const server = createServer(
    {
      ...tls(),
      requestCert: true,
      rejectUnauthorized: true,
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
    },
    app,
  )
  /** Node asks for them at each look, also for connections that are there. */
  const setTimes = () => {
    const { headerTimeoutMs, bodyTimeoutMs } = deps.policy().snapshot.edge.limits
    server.headersTimeout = headerTimeoutMs
    server.requestTimeout = headerTimeoutMs + Math.max(bodyTimeoutMs, UPLOAD_WITHIN_MS)
  }
  setTimes()
  deps.onPolicyChange(setTimes)
  deps.hop.onChange(() => server.setSecureContext(tls())) // for new connections; those of Caddy last some minutes
  takeUpgrades(server, app)
  pinProxy(server, deps.log)
  // Node knows only connections whose handshake is over; one that never begins it would hold `close` for ever.
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })

  function listen(address: { host: string; port: number }): Promise<{ port: number }> {
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(address.port, address.host, () => {
        server.off('error', reject)
        resolve({ port: (server.address() as AddressInfo).port })
      })
    })
  }

  function close(): Promise<void> {
    closing.abort()
    return new Promise(resolve => {
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, CLOSE_WITHIN_MS)
      server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      server.closeIdleConnections()
    })
  }

  return { listen, close }
}
