import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { WebSocketServer } from 'ws'
import type { Config } from '../../app/config/config.ts'

/** A request as the app would see it. `headers` are name and value in turn, as they came. */
export type Seen = {
  readonly method: string
  readonly url: string
  readonly headers: readonly string[]
  readonly body: string
  /** Alternative names in the certificate of the peer, which ought to be the proxy's. */
  readonly peer: string
  /** Which of the proxy's certificates it showed. */
  readonly peerSerial: string
}

export type Upstream = {
  /** Everything that got through so far. */
  readonly seen: Seen[]
  /** What the edge asked on its own account. */
  readonly asked: Seen[]
  readonly close: () => Promise<void>
}

const STREAM_EVERY_MS = 200

/**
 * Stands where the app would: TLS with the app's certificate, only for peers whose certificate the internal CA signed.
 * Lets everybody guess passwords, answers what it saw as JSON; `/v1/events` streams a line every 200 ms until the caller leaves, and so does a WebSocket.
 */
export async function startUpstream(config: Config): Promise<Upstream> {
  const read = (file: string) => readFileSync(join(config.secretsDir, file))
  const seen: Seen[] = []
  const asked: Seen[] = []
  const tls = { cert: read('app.pem'), key: read('app.key'), ca: read('internal-ca.pem'), requestCert: true }
  const limits = { maxHeaderSize: 1_000_000 } // so that it is the edge that refuses
  const server = createServer({ ...tls, ...limits, rejectUnauthorized: true, minVersion: 'TLSv1.3' })
  server.on('request', async (request, response) => {
    const one = await describe(request).catch(() => undefined)
    if (one === undefined) return // the proxy gave the body up
    if (headerOf(one, 'postern-ask') !== undefined) {
      asked.push(one)
      return response.writeHead(204).end()
    }
    seen.push(one)
    if (request.url?.startsWith('/v1/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => response.write('data: tick\n\n'), STREAM_EVERY_MS)
      response.on('close', () => clearInterval(timer))
      return
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(one))
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    seen.push({ ...whatOf(request), body: '' })
    sockets.handleUpgrade(request, socket, head, reader => {
      const timer = setInterval(() => reader.send('tick'), STREAM_EVERY_MS)
      reader.on('close', () => clearInterval(timer))
    })
  })
  await new Promise<void>(resolve => server.listen(config.ports.app, '127.0.0.1', resolve))
  return {
    ...{ seen, asked },
    close: async () => {
      for (const reader of sockets.clients) reader.terminate()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** The value of a header as the upstream saw it; several are joined as Node joins them. */
export function headerOf(seen: Seen, name: string): string | undefined {
  const values: string[] = []
  for (let i = 0; i < seen.headers.length; i += 2) {
    if (seen.headers[i]?.toLowerCase() === name.toLowerCase()) values.push(seen.headers[i + 1] ?? '')
  }
  return values.length === 0 ? undefined : values.join(', ')
}

async function describe(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return { ...whatOf(request), body: Buffer.concat(chunks).toString() }
}

function whatOf(request: IncomingMessage): Omit<Seen, 'body'> {
  const certificate = (request.socket as TLSSocket).getPeerX509Certificate()
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.rawHeaders,
    peer: certificate?.subjectAltName ?? '',
    peerSerial: certificate?.serialNumber ?? '',
  }
}
