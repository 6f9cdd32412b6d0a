import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import type { RigEndpoints } from '../appliance/running.ts'

/** A client of the api site that keeps its connections, as a service would. */
export type Api = {
  /** The status and JSON of one call; undefined when there was no HTTP answer. */
  call(path: string, options?: CallOptions): Promise<ApiAnswer | undefined>
  close(): void
}
export type ApiAnswer = { readonly status: number; readonly json: unknown }
export type CallOptions = {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000

export function createApi(endpoints: RigEndpoints): Api {
  const { demo } = endpoints.clients
  if (demo === undefined) throw new Error('the sandbox has no client demo')
  const agent = new Agent({
    keepAlive: true,
    ca: readFileSync(endpoints.ca_file),
    cert: readFileSync(demo.cert_file),
    key: readFileSync(demo.key_file),
  })
  return {
    call: (path, options = {}) => ask(new URL(path, endpoints.api), agent, options),
    close: () => agent.destroy(),
  }
}

function ask(url: URL, agent: Agent, options: CallOptions): Promise<ApiAnswer | undefined> {
  const { body, headers = {}, timeoutMs = TIMEOUT_MS } = options
  const text = body === undefined ? undefined : JSON.stringify(body)
  return new Promise(resolve => {
    const call = request(
      url,
      {
        agent,
        method: text === undefined ? 'GET' : 'POST',
        headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        timeout: timeoutMs,
      },
      answer => {
        const chunks: Buffer[] = []
        answer.on('data', chunk => chunks.push(chunk))
        answer.on('error', () => resolve(undefined))
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, json: parse(Buffer.concat(chunks)) }),
        )
      },
    )
    call.on('timeout', () => call.destroy(new Error('no answer in time')))
    call.on('error', () => resolve(undefined))
    call.end(text)
  })
}

/** What Caddy answers by itself is not JSON. */
function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
