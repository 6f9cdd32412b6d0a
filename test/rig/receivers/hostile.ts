import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServerCertificate } from '../../sandbox/receiver-certificate.ts'
import type { Chat, FromReceiver, ToReceiver } from './protocol.ts'

/*
 * A receiver of webhooks that misbehaves in every way it can, in a process of its own, so that its memory is not the
 * worker's. What it does to a webhook follows from its number and attempt alone. It keeps the ledger that the run is judged by.
 */

const DAMAGE_ONE_IN = 1_000
const MEGABYTE = Buffer.alloc(1_000_000, 'x')

/** What becomes of the first attempt of an event, in thousandths; the rest is taken. Later attempts fare half as badly. */
const FAULTS: readonly (readonly [fault: Fault, share: number])[] = [
  ['error', 60],
  ['redirect', 20],
  ['limited', 20],
  ['reset', 15],
  ['long-error', 5],
  ['long-thanks', 5],
  ['silence', 3],
  ['drip', 3],
]

type Fault = 'error' | 'redirect' | 'limited' | 'reset' | 'long-error' | 'long-thanks' | 'silence' | 'drip'

const taken = new Map<string, number>()
const chats = new Map<string, Chat>()
const kinds: Record<string, number> = {}
let [received, repeats] = [0, 0]

const certificate = await createServerCertificate(['hooks.test'])
const stranger = await createServerCertificate(['elsewhere.test'])
let server = await listen(certificate, 0)
const { port } = server.address() as AddressInfo
const wrong = await listen(stranger, 0)
tell({ kind: 'ready', port, wrongPort: (wrong.address() as AddressInfo).port, ca: certificate.ca })

process.on('message', async (message: ToReceiver) => {
  switch (message.kind) {
    case 'leave':
      server.closeAllConnections()
      server.close()
      return tell({ kind: 'done' })
    case 'return':
      server = await listen(certificate, port)
      return tell({ kind: 'done' })
    case 'ledger':
      return tell({
        kind: 'ledger',
        received,
        repeats,
        kinds,
        taken: [...taken.keys()],
        chats: [...chats.values()],
      })
  }
})
process.on('disconnect', () => process.exit(0))

async function listen(with_: { cert: string; key: string }, on: number): Promise<Server> {
  const listening = createServer(with_, (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  listening.listen(on, '127.0.0.1')
  await once(listening, 'listening')
  return listening
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString()
  received++
  const id = String(request.headers['webhook-id'])
  const { chat, n, doomed } = JSON.parse(body).data as { chat: string; n: number; doomed: boolean }
  const fault = doomed ? 'error' : faultOf(n, Number(request.headers['postern-attempt']))
  kinds[fault ?? 'taken'] = (kinds[fault ?? 'taken'] ?? 0) + 1
  if (fault === undefined || fault === 'long-thanks' || fault === 'drip') take(id, chat, n)
  respond(response, fault)
}

function take(id: string, chat: string, n: number): void {
  if (taken.has(id)) repeats++
  taken.set(id, (taken.get(id) ?? 0) + 1)
  const seen = chats.get(chat) ?? { chat, last: -1, disordered: 0 }
  chats.set(chat, {
    chat,
    last: Math.max(seen.last, n),
    disordered: seen.disordered + (n < seen.last ? 1 : 0),
  })
}

function respond(response: ServerResponse, fault: Fault | undefined): void {
  switch (fault) {
    case undefined:
      return void response.writeHead(204).end()
    case 'error':
      return void response.writeHead(500).end('broken')
    case 'redirect':
      return void response.writeHead(302, { location: 'https://127.0.0.1/' }).end()
    case 'limited':
      return void response.writeHead(429, { 'retry-after': '7' }).end()
    case 'reset':
      return void response.socket?.resetAndDestroy()
    case 'long-error':
      return void response.writeHead(503).end(MEGABYTE)
    case 'long-thanks':
      return void response.writeHead(200).end(MEGABYTE)
    case 'silence':
      return
    case 'drip': {
      response.writeHead(200)
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    }
  }
}

function faultOf(n: number, attempt: number): Fault | undefined {
  const digest = createHash('sha256').update(`${n}/${attempt}`).digest()
  let dice = digest.readUInt32BE() % DAMAGE_ONE_IN
  for (const [fault, share] of FAULTS) {
    const limit = attempt === 1 ? share : share / 2
    if (dice < limit) return fault
    dice -= limit
  }
  return undefined
}

function tell(message: FromReceiver): void {
  process.send?.(message)
}
