import type { Request, Response } from 'express'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import type { StreamAnswer } from '../answer.ts'
import type { StreamItem } from './follow.ts'
import type { Upgrade } from './upgrade.ts'
import type { Ending } from './watch.ts'
import { itemJson } from './wire.ts'

/** Nobody has anything to say to this side but pongs and a close. */
const MAX_HEARD_BYTES = 1_024
/** Empty ones count as no bytes, and each is kept until the message ends. */
const MAX_HEARD_FRAGMENTS = 16
/** How long a reader may take to answer the closing handshake. */
const CLOSE_WITHIN_MS = 1_000

/** RFC 6455's codes for an end that the reader may come back from at once, and for one that it may not; 4410 is our own. */
const CODES: Readonly<Record<Ending, number>> = {
  stopping: 1001,
  reload: 1012,
  revoked: 1008,
  denied: 1008,
  removed: 4410,
  failed: 1011,
}

const options: ServerOptions & { readonly maxFragments: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MAX_HEARD_BYTES,
  maxFragments: MAX_HEARD_FRAGMENTS,
}
const server = new WebSocketServer(options)
const greetings = new WeakMap<Request, Response>()
server.on('headers', (lines: string[], request) => {
  const response = greetings.get(request as Request)
  for (const name of ['X-Request-Id', 'Postern-Policy']) lines.push(`${name}: ${response?.get(name) ?? ''}`)
})

type Asked = {
  readonly request: Request
  readonly response: Response
  readonly upgrade: Upgrade
}

/**
 * Serves a stream over WebSocket, one text frame an item, at the speed at which the reader takes them. Each heartbeat
 * comes with a ping; who has not answered the last one, or takes nothing for `stallMs`, is cut off.
 */
export function serveWebSocket(
  { request, response, upgrade }: Asked,
  { items, stallMs, cut }: StreamAnswer,
): void {
  const { socket, head } = upgrade
  response.detachSocket(socket)
  response.statusCode = 101
  socket.once('close', () => response.emit('close')) // for those who wait for the end of the request
  greetings.set(request, response)
  server.handleUpgrade(request, socket, head, reader => {
    cut.addEventListener('abort', () => reader.terminate(), { once: true })
    reader.on('error', () => reader.terminate()) // it broke the protocol or the connection: either way it is gone
    speak(reader, items, stallMs).catch(() => reader.terminate())
  })
}

async function speak(reader: WebSocket, items: AsyncIterable<StreamItem>, stallMs: number): Promise<void> {
  let answered = true
  reader.on('pong', () => {
    answered = true
  })
  for await (const item of items) {
    if (reader.readyState !== reader.OPEN) return
    await transmit(reader, JSON.stringify(itemJson(item)), stallMs)
    if (item.kind === 'closed') return close(reader, item.reason)
    if (item.kind !== 'heartbeat') continue
    if (!answered) return reader.terminate()
    answered = false
    reader.ping()
  }
}

/** Resolves once the frame has left this process, so that there is never more than one on its way. */
function transmit(reader: WebSocket, text: string, stallMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stalled = setTimeout(() => reader.terminate(), stallMs)
    reader.send(text, error => {
      clearTimeout(stalled)
      if (error) reject(error)
      else resolve()
    })
  })
}

function close(reader: WebSocket, reason: Ending): void {
  reader.close(CODES[reason], reason)
  const late = setTimeout(() => reader.terminate(), CLOSE_WITHIN_MS)
  reader.once('close', () => clearTimeout(late))
}
