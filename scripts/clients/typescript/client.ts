import { type Dispatcher, fetch } from 'undici'
import { type Event, type Operations, type Problem, ROUTES } from './generated/postern.ts'

export type ClientOptions = {
  /** Of the api or the keys site, such as https://localhost:9443. */
  readonly url: string
  /** Shows the client certificate: `new Agent({ connect: { ca, cert, key } })` of undici. */
  readonly dispatcher?: Dispatcher
  /** On the keys site, instead of a certificate. */
  readonly apiKey?: string
}

type Name = keyof Operations
/** A function for each operation: parameters by their names, and `body`. */
export type Client = {
  readonly [N in Name]: (asked: Operations[N]['asked']) => Promise<Operations[N]['answer']>
}

/** What was refused, as the server told it; programs go by `problem.code`. */
export class Refused extends Error {
  readonly status: number
  readonly problem: Problem | undefined

  constructor(status: number, problem: Problem | undefined) {
    super(problem?.detail ?? `the server answered ${status}`)
    this.status = status
    this.problem = problem
  }
}

export function createClient(options: ClientOptions): Client {
  const functions = Object.keys(ROUTES).map(name => [
    name,
    (asked: Asked = {}) => call(ROUTES[name as Name], asked, options),
  ])
  return Object.fromEntries(functions) as Client
}

const PATIENCE_S = 30

/** Everything that happens after the event `after`, for as long as it is asked for. */
export async function* eventsOf(client: Client, after?: string): AsyncGenerator<Event> {
  let cursor = after
  for (;;) {
    const asked = { wait: PATIENCE_S, ...(cursor === undefined ? {} : { after: cursor }) }
    const page = await client.listEvents(asked)
    if (typeof page === 'string') throw new Error('the server began a stream instead of a page')
    yield* page.data
    cursor = page.data.at(-1)?.id ?? cursor
  }
}

type Asked = Readonly<Record<string, unknown>>
type Route = {
  readonly method: string
  readonly path: string
  readonly query: readonly string[]
  readonly headers: readonly string[]
}

async function call(
  route: Route,
  asked: Asked,
  { url, dispatcher, apiKey }: ClientOptions,
): Promise<unknown> {
  const target = new URL(pathOf(route, asked), url)
  for (const name of route.query)
    if (asked[name] !== undefined) target.searchParams.set(name, String(asked[name]))
  const { body, type } = bodyOf(asked.body)
  const answer = await fetch(target, {
    method: route.method,
    headers: {
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...(type === undefined ? {} : { 'content-type': type }),
      ...headersOf(route, asked),
    },
    ...(body === undefined ? {} : { body }),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  })
  const mediaType = answer.headers.get('content-type') ?? ''
  if (!answer.ok)
    throw new Refused(answer.status, isJson(mediaType) ? ((await answer.json()) as Problem) : undefined)
  if (isJson(mediaType)) return answer.json()
  return mediaType.startsWith('text/') ? answer.text() : new Uint8Array(await answer.arrayBuffer())
}

/** A dot or two would lead to another path, however they are written. */
function pathOf({ path }: Route, asked: Asked): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(asked[name])
    if (/^\.{0,2}$/.test(value)) throw new TypeError(`${name} cannot be "${value}"`)
    return encodeURIComponent(value)
  })
}

function headersOf({ headers }: Route, asked: Asked): Record<string, string> {
  const given = headers.filter(name => asked[name] !== undefined)
  return Object.fromEntries(given.map(name => [name, String(asked[name])]))
}

/** Forms bring their own type along. */
function bodyOf(body: unknown): { readonly body?: string | Uint8Array | FormData; readonly type?: string } {
  if (body === undefined || body instanceof FormData) return body === undefined ? {} : { body }
  if (body instanceof Uint8Array) return { body, type: 'application/octet-stream' }
  return { body: JSON.stringify(body), type: 'application/json' }
}

function isJson(mediaType: string): boolean {
  return /[/+]json\b/.test(mediaType)
}
