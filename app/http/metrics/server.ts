import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { reasonOf } from '../../lib/error.ts'
import type { Log } from '../../lib/log.ts'
import type { Measures } from './measures.ts'

export type MetricsServer = {
  /** Resolves once it accepts connections, with the port it got. */
  listen(address: { host: string; port: number }): Promise<{ port: number }>
  close(): Promise<void>
}

const MAX_CONNECTIONS = 32
const TIMEOUT_MS = 10_000

/** `GET /metrics` and nothing else, over plain HTTP: for scrapers beside the app, never for a site of the edge. */
export function createMetricsServer(measures: Measures, log: Log): MetricsServer {
  const server = createServer(
    { requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS },
    (request, response) => {
      if (request.url !== '/metrics') return end(response, 404)
      if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405)
      measures.exposition().then(
        text => {
          response.setHeader('content-type', measures.contentType)
          response.setHeader('cache-control', 'no-store')
          response.end(request.method === 'HEAD' ? undefined : text)
        },
        (error: unknown) => {
          log.error('metrics.failed', { reason: reasonOf(error) })
          end(response, 500)
        },
      )
    },
  )
  server.maxConnections = MAX_CONNECTIONS

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve({ port: (server.address() as AddressInfo).port })
        })
      }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end()
}
