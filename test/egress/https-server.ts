import { once } from 'node:events'
import { createServer as createPlain, type RequestListener } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import type { TestContext } from 'node:test'
import { createEgress } from '../../app/egress/connector.ts'
import type { EgressRequest } from '../../app/model/egress-port.ts'
import { createServerCertificate } from '../sandbox/receiver-certificate.ts'

/** One certificate for all tests of a file: making it is the slow part. */
export const certificate = await createServerCertificate(['hooks.test', 'localhost', '127.0.0.1'])

/** A real HTTPS server on 127.0.0.1 that counts what reaches it. */
export type TestServer = { readonly port: number; connections: number; requests: number }

export function startServer(
  t: TestContext,
  listener: RequestListener,
  options: ServerOptions = {},
): Promise<TestServer> {
  return start(t, listener, counted => createServer({ ...certificate, ...options }, counted))
}

/** The same without TLS. */
export function startPlainServer(t: TestContext, listener: RequestListener): Promise<TestServer> {
  return start(t, listener, counted => createPlain(counted))
}

async function start(
  t: TestContext,
  listener: RequestListener,
  create: (counted: RequestListener) => Server & { closeAllConnections(): void },
): Promise<TestServer> {
  const seen = { port: 0, connections: 0, requests: 0 }
  const server = create((request, response) => {
    seen.requests++
    listener(request, response)
  })
  server.on('connection', () => seen.connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  seen.port = (server.address() as AddressInfo).port
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return seen
}

/** An egress whose resolver answers these addresses for every name. */
export function egressTo(...addresses: readonly string[]) {
  return createEgress({ now: () => new Date(), lookup: async () => addresses, ownAddresses: () => [] })
}

/** A request that every check lets through, unless overridden. */
export function requestTo(url: string, more: Partial<EgressRequest> = {}): EgressRequest {
  return {
    url,
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'hello',
    allowCidrs: ['127.0.0.0/8'],
    ca: certificate.ca,
    timeoutMs: 5_000,
    ...more,
  }
}
