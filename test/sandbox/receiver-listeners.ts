import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'

/** How the next webhooks are answered. `times` counts down to the ordinary 204; absent: until told otherwise. */
export type Behaviour = {
  readonly status: number
  readonly delay_ms?: number
  readonly times?: number
  /** Headers of the answer, for `Retry-After` or `Location`. */
  readonly headers?: Readonly<Record<string, string>>
  /** What the answer says; nothing when absent. */
  readonly body?: string
}

/** The behaviour in force: set by the admin side, used up by the webhook side. */
export type BehaviourSlot = { set(next: Behaviour): void; take(): Behaviour }

const ORDINARY: Behaviour = { status: 204 }
const MAX_BODY_BYTES = 1024 * 1024
const PAGE = 1_000

export function createBehaviour(): BehaviourSlot {
  let current = ORDINARY
  return {
    set: next => {
      current = next.times === 0 ? ORDINARY : next
    },
    take: () => {
      const taken = current
      if (taken.times !== undefined)
        current = taken.times > 1 ? { ...taken, times: taken.times - 1 } : ORDINARY
      return taken
    },
  }
}

/** Writes every request to the ledger, then answers as told. */
export function webhookListener(ledger: Ledger, behaviour: BehaviourSlot): RequestListener {
  return guarded(async (request, response) => {
    const body = await readBody(request)
    if (body === undefined) return void response.writeHead(413).end()
    const { status, delay_ms = 0, headers = {}, body: answer } = behaviour.take()
    ledger.append({
      at: new Date().toISOString(),
      path: request.url ?? '/',
      headers: flatHeaders(request),
      body: body.toString('utf8'),
      status,
    })
    if (delay_ms > 0) await sleep(delay_ms, undefined, { ref: false }) // must not keep a stopped receiver alive
    response.writeHead(status, headers).end(answer)
  })
}

export function adminListener(ledger: Ledger, behaviour: BehaviourSlot): RequestListener {
  return guarded(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://receiver')
    const route = `${request.method} ${url.pathname}`
    if (route === 'GET /livez') return answer(response, 200, { ok: true })
    if (route === 'GET /deliveries') return answer(response, 200, page(ledger, url))
    if (route === 'POST /behave') return behave(request, response, behaviour)
    answer(response, 404, { error: `no such route: ${route}` })
  })
}

/** A sender that hangs up in the middle of its body must not end the receiver. */
function guarded(
  listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): RequestListener {
  return (request, response) => {
    listener(request, response).catch(() => response.destroy())
  }
}

function page(ledger: Ledger, url: URL): { data: unknown; next: string | null } {
  const after = Number(url.searchParams.get('after') ?? 0)
  const data = ledger.after(Number.isSafeInteger(after) ? after : 0, PAGE)
  const last = data.length === PAGE ? data.at(-1) : undefined
  return { data, next: last === undefined ? null : String(last.seq) }
}

async function behave(
  request: IncomingMessage,
  response: ServerResponse,
  slot: BehaviourSlot,
): Promise<void> {
  const behaviour = parseBehaviour((await readBody(request))?.toString('utf8') ?? '')
  if (behaviour === undefined)
    return answer(response, 422, { error: 'expected {status: 200–599, delay_ms?, times?, headers?, body?}' })
  slot.set(behaviour)
  answer(response, 200, behaviour)
}

function parseBehaviour(text: string): Behaviour | undefined {
  try {
    const { status, delay_ms, times, headers, body } = JSON.parse(text)
    const count = (value: unknown) =>
      value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)
    if (!Number.isInteger(status) || status < 200 || status > 599 || !count(delay_ms) || !count(times))
      return undefined
    return { status, delay_ms, times, headers, body }
  } catch {
    return undefined
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks)
}

function flatHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
