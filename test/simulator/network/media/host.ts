import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { sha256 } from '../../phones/media/file.ts'
import { pathOf, storeFile } from '../../phones/media/paths.ts'
import type { World } from '../../store/world.ts'
import type { Faults } from '../faults/faults.ts'
import { recordViolation } from '../violations.ts'
import type { MediaCertificate } from './certificate.ts'

export type MediaHostDeps = { readonly world: World; readonly faults: Faults }

/** Where and under which name to listen; port 0 takes the one that it had before, or any. */
export type MediaAddress = {
  readonly port: number
  readonly host: string
  readonly name: string
  readonly certificate: MediaCertificate
}

type Answer = { readonly status: number; readonly body: Buffer; readonly headers?: Record<string, string> }

const UPLOAD = /^\/mms\/(image|video|audio|document|md-app-state)\/([\w%-]+)$/
const MAX_BYTES = 128 * 1024 * 1024
const TOKEN_BYTES = 24
const PORT = 'media-port'

/**
 * The host that keeps encrypted files: HTTPS, with a certificate of its own authority. It sees ciphertext only, so it
 * checks who uploads and that the bytes are what their address says.
 */
export class MediaHost {
  readonly #deps: MediaHostDeps
  readonly #accounts = new Map<string, string>()
  #https: Server | undefined
  #hostname = ''

  constructor(deps: MediaHostDeps) {
    this.#deps = deps
  }

  /** Name and port, as `media_conn` tells them. */
  get hostname(): string {
    return this.#hostname
  }

  get origin(): string {
    return `https://${this.#hostname}`
  }

  /** Lets an account upload; gives what it has to show. */
  grant(account: string): string {
    const auth = this.#deps.world.random.of(`files ${account}`).bytes(TOKEN_BYTES).toString('base64url')
    this.#accounts.set(auth, account)
    return auth
  }

  async listen({ port, host, name, certificate }: MediaAddress): Promise<void> {
    const { meta } = this.#deps.world
    const { cert, key } = certificate
    const https = createServer({ cert, key }, (request, response) => void this.#take(request, response))
    this.#https = https
    const before = port === 0 ? Number(meta.get(PORT) ?? 0) : port
    await listening(https, before, host).catch(async (error: unknown) => {
      if (port !== 0 || before === 0) throw error
      await listening(https, 0, host) // somebody else has the port that this state folder had
    })
    const address = https.address()
    const bound = typeof address === 'object' ? address?.port : port
    meta.put(PORT, bound)
    this.#hostname = `${name}:${bound}`
  }

  async close(): Promise<void> {
    this.#https?.closeAllConnections()
    await new Promise(resolve =>
      this.#https === undefined ? resolve(undefined) : this.#https.close(resolve),
    )
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, body, headers } = await this.#answer(request)
      response.writeHead(status, { 'content-length': body.length, ...headers }).end(body)
    } catch {
      response.destroy() // the client has gone, or the simulator is being stopped
    }
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', this.origin)
    if (request.method === 'POST') return this.#upload(url, await readAll(request))
    if (request.method !== 'GET') return said(405, 'use GET or POST')
    return this.#download(url, request.headers.range)
  }

  #upload(url: URL, bytes: Buffer | undefined): Answer {
    const { world } = this.#deps
    const [, kind = '', token = ''] = UPLOAD.exec(url.pathname) ?? []
    const account = this.#accounts.get(url.searchParams.get('auth') ?? '')
    if (account === undefined)
      return this.#refuse(401, undefined, 'an upload without the auth of a media_conn')
    if (kind === '') return this.#refuse(404, account, `an upload to ${url.pathname}`)
    if (bytes === undefined) return this.#refuse(413, account, `an upload of more than ${MAX_BYTES} bytes`)
    const claimed = decodeURIComponent(token).replace(/=+$/, '')
    if (claimed !== sha256(bytes).toString('base64url') || url.searchParams.get('token') !== claimed) {
      return this.#refuse(400, account, 'an upload whose address is not the hash of its bytes')
    }
    const { directPath } = storeFile(world, { kind, bytes, account })
    return json(200, { url: `${this.origin}${directPath}`, direct_path: directPath })
  }

  #download(url: URL, range: string | undefined): Answer {
    const { world, faults } = this.#deps
    const stored = world.media.get(pathOf(url.pathname) ?? '')
    if (stored === undefined || stored.isExpired) return said(404, 'no such file')
    if (faults.fires('media-404', stored.account) !== undefined) return said(404, 'no such file')
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const headers = { 'content-type': 'application/octet-stream' }
    if (from === undefined) return { status: 200, body: stored.bytes, headers }
    const first = Number(from)
    const last = Math.min(
      to === '' || to === undefined ? Number.MAX_SAFE_INTEGER : Number(to),
      stored.bytes.length - 1,
    )
    if (first > last) return said(416, 'no such range')
    const part = { ...headers, 'content-range': `bytes ${first}-${last}/${stored.bytes.length}` }
    return { status: 206, body: stored.bytes.subarray(first, last + 1), headers: part }
  }

  #refuse(status: number, account: string | undefined, detail: string): Answer {
    recordViolation(this.#deps.world, { kind: 'bad-media', account, detail })
    return json(status, { error: detail })
  }
}

async function listening(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** undefined when it is more than the host takes. */
async function readAll(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size <= MAX_BYTES) chunks.push(chunk as Buffer)
  }
  return size > MAX_BYTES ? undefined : Buffer.concat(chunks)
}

function json(status: number, body: unknown): Answer {
  return { status, body: Buffer.from(JSON.stringify(body)), headers: { 'content-type': 'application/json' } }
}

function said(status: number, sentence: string): Answer {
  return { status, body: Buffer.from(`${sentence}\n`), headers: { 'content-type': 'text/plain' } }
}
