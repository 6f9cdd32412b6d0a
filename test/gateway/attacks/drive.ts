import type { TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { type Kind, PATH, type Target } from './plan.ts'

/** Begins on a connection that is open. What it returns is called twice a second until the connection ends. */
export type Drive = (socket: TLSSocket, target: Target) => (() => void) | undefined

const LARGE_BODY = 100_000_000
const PIECE = Buffer.alloc(64 * 1_024, 'x')
const LARGE_HEADER = 'x'.repeat(64 * 1_024)
/** Ten megabytes of spaces around a message, in some ten kilobytes. */
const BOMB = gzipSync(Buffer.from(JSON.stringify({ to: '+15550100001', type: 'text' }).padEnd(10_000_000)))

/** Every kind over HTTP/1.1; resets need HTTP/2. */
export const DRIVES: Readonly<Record<Exclude<Kind, 'rapid resets'>, Drive>> = {
  'slow headers'(socket, target) {
    socket.write(`${head('GET', target)}\r\nX-Slow: `)
    return () => socket.write('x')
  },
  'slow bodies'(socket, target) {
    socket.write(`${head('POST', target)}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`)
    return () => socket.write(' ')
  },
  // The edge refuses the address; a connection that it kept would wait for the next request, which never comes.
  'idle connections'(socket, target) {
    socket.write(`${head('GET', target, '//')}\r\n\r\n`)
    return undefined
  },
  'large bodies'(socket, target) {
    socket.write(`${head('POST', target)}\r\nContent-Length: ${LARGE_BODY}\r\n\r\n`)
    pour(socket, piece => piece)
    return undefined
  },
  'large bodies in chunks'(socket, target) {
    socket.write(`${head('POST', target)}\r\nTransfer-Encoding: chunked\r\n\r\n`)
    const size = Buffer.from(`${PIECE.length.toString(16)}\r\n`)
    pour(socket, piece => Buffer.concat([size, piece, Buffer.from('\r\n')]))
    return undefined
  },
  'large headers'(socket, target) {
    socket.write(`${head('GET', target)}\r\nX-Large: ${LARGE_HEADER}\r\n\r\n`)
    return undefined
  },
  'gzip bombs'(socket, target) {
    const lines = `Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${BOMB.length}`
    socket.write(`${head('POST', target)}\r\nConnection: close\r\n${lines}\r\n\r\n`)
    socket.write(BOMB)
    return undefined
  },
}

/** A hundred megabytes, as fast as they are taken. */
function pour(socket: TLSSocket, frame: (piece: Buffer) => Buffer): void {
  const piece = frame(PIECE)
  let left = LARGE_BODY
  const more = () => {
    while (left > 0 && socket.writable) {
      left -= PIECE.length
      if (!socket.write(piece)) return void socket.once('drain', more)
    }
  }
  more()
}

function head(method: string, { site, port, authorization }: Target, path?: string): string {
  const asked = path ?? (site === 'hooks' ? '/hooks/none' : PATH)
  const proof = authorization === undefined ? '' : `\r\nAuthorization: ${authorization}`
  return `${method} ${asked} HTTP/1.1\r\nHost: localhost:${port}${proof}`
}
