import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Network } from '../network/network.ts'
import type { ChatServer } from '../network/server.ts'
import { AdminError } from './body.ts'
import { channelRoutes } from './channels.ts'
import { controlRoutes } from './control.ts'
import { enrolmentRoutes } from './enrolment.ts'
import { faultRoutes } from './faults.ts'
import { gestureRoutes } from './gestures.ts'
import { groupRoutes } from './groups.ts'
import { Load } from './load/load.ts'
import { loadRoutes } from './load/routes.ts'
import { phoneRoutes } from './phones.ts'
import { profileRoutes } from './profiles.ts'
import { type AdminRoutes, findRoute } from './routes.ts'
import { stateRoutes } from './state.ts'

const ROUTES: AdminRoutes = {
  ...controlRoutes,
  ...loadRoutes,
  ...faultRoutes,
  ...phoneRoutes,
  ...enrolmentRoutes,
  ...gestureRoutes,
  ...groupRoutes,
  ...profileRoutes,
  ...channelRoutes,
  ...stateRoutes,
}
const MAX_BODY_BYTES = 16 * 1024 * 1024
/** Longer than a busy test pauses between two requests: a connection closed under one would fail it. */
const KEEP_ALIVE_MS = 60_000

type Answer = {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** The simulator's remote control: plain HTTP, for the tests on this machine alone. */
export class AdminServer {
  readonly #http: Server
  readonly #network: Network
  readonly #server: ChatServer
  readonly #load: Load

  constructor(network: Network, server: ChatServer) {
    this.#network = network
    this.#server = server
    this.#load = new Load(network)
    this.#http = createServer((request, response) => void this.#take(request, response))
    this.#http.keepAliveTimeout = KEEP_ALIVE_MS
  }

  async listen(port: number, host: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(port, host, resolve)
    })
    const address = this.#http.address()
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`
  }

  async close(): Promise<void> {
    this.#load.stop()
    this.#http.closeAllConnections()
    await new Promise(resolve => this.#http.close(resolve))
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, headers } = await this.#answer(request).catch(failure)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(`${JSON.stringify(body)}\n`)
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator')
    const found = findRoute(ROUTES, request.method ?? 'GET', pathname)
    if (found === undefined) throw new AdminError(404, `there is no route ${pathname}`)
    if (!('route' in found)) {
      return {
        status: 405,
        body: { error: `use ${found.join(' or ')}` },
        headers: { allow: found.join(', ') },
      }
    }
    const body = await readJson(request)
    const { route, path } = found
    const answer = await route({
      network: this.#network,
      server: this.#server,
      load: this.#load,
      path,
      query: searchParams,
      body,
    })
    return { status: 200, body: answer }
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > MAX_BODY_BYTES) throw new AdminError(413, 'the body is longer than 16 MiB')
    chunks.push(chunk as Buffer)
  }
  if (size === 0) return {}
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch (error) {
    throw new AdminError(
      400,
      `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function failure(error: unknown): Answer {
  if (error instanceof AdminError) return { status: error.status, body: { error: error.message } }
  return {
    status: 500,
    body: { error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
  }
}
