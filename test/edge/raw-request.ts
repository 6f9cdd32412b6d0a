import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { CertificateAndKey } from '../../app/identity/pki/certificate.ts'

export type RawOptions = {
  readonly port: number
  /** Trusted root of the edge, PEM. */
  readonly ca: string
  readonly client?: CertificateAndKey
  readonly servername?: string
  /** The address of this machine to come from, such as 127.0.3.1. */
  readonly from?: string
  readonly tls?: ConnectionOptions
  readonly withinMs?: number
}

/** What came back: an HTTP answer, or the end of the connection without one. */
export type RawAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly head: string; readonly body: string }
  | { readonly kind: 'closed'; readonly reason: string }

const WITHIN_MS = 10_000

/** Sends bytes as they are over one TLS connection and reads until it ends. Nothing is normalised on the way. */
export async function sendRaw(bytes: string | Buffer, options: RawOptions): Promise<RawAnswer> {
  const socket = open(options)
  const chunks: Buffer[] = []
  return await new Promise(resolve => {
    let reason = 'ended'
    socket.setTimeout(options.withinMs ?? WITHIN_MS, () => {
      reason = 'silence'
      socket.destroy()
    })
    socket.once('secureConnect', () => socket.write(bytes))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', error => {
      reason = (error as NodeJS.ErrnoException).code ?? error.message
    })
    socket.once('close', () => resolve(answerIn(Buffer.concat(chunks).toString('latin1'), reason)))
  })
}

/** A connection that the caller drives itself. */
export function open(options: RawOptions): TLSSocket {
  const socket = connect({
    host: 'localhost',
    port: options.port,
    servername: options.servername ?? 'localhost',
    ca: options.ca,
    ALPNProtocols: ['http/1.1'],
    ...options.client,
    ...(options.from && { host: '127.0.0.1', localAddress: options.from }),
    ...options.tls,
  })
  return socket
}

/** A GET with `Connection: close`; `headers` are lines as they go over the wire. */
export function get(path: string, host: string, headers: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''].join('\r\n')
}

function answerIn(text: string, reason: string): RawAnswer {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]
  if (status === undefined) return { kind: 'closed', reason }
  const end = text.indexOf('\r\n\r\n')
  return { kind: 'answered', status: Number(status), head: text.slice(0, end), body: text.slice(end + 4) }
}
