import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { WebSocket } from 'ws'
import { newId } from '../../app/lib/ids.ts'
import type { NewEvent } from '../../app/model/event.ts'
import type { Call, RunningHttp } from './running-http.ts'

/** Where streams are opened: the app itself, or a proxy before it. */
export type Where = {
  readonly port: number
  readonly servername: string
  readonly ca: string
  readonly proof: { readonly cert?: string; readonly key?: string }
  headersOf(call: Call): Promise<Readonly<Record<string, string | string[]>>>
}

function whereOf(where: Where | RunningHttp): Where {
  if ('proof' in where) return where
  const { port, internal, proxy, headersOf } = where
  return { port, servername: 'app', ca: internal.cert, proof: proxy, headersOf }
}

/** What a reader of a stream got: an event, or news of the stream itself. */
export type Item = {
  readonly type: string
  readonly id?: string
  readonly sequence?: number
  readonly reason?: string
  readonly cursor?: string | null
  readonly oldest?: readonly { readonly account: string | null; readonly sequence: number }[]
}

/** A reader of one stream, of either kind. */
export type Reader = {
  readonly items: Item[]
  /** The cursor that it would come back with. */
  cursor(): string | undefined
  /** Resolves once `enough` is true of what came so far; rejects when the stream ends before. */
  until(enough: (items: readonly Item[]) => boolean): Promise<void>
  readonly ended: Promise<void>
  pause(): void
  resume(): void
  leave(): void
}

export const idsOf = (items: readonly Item[]) => items.flatMap(({ id }) => (id === undefined ? [] : [id]))
export const reasonOf = ({ items }: Reader) => items.find(({ type }) => type === 'stream.closed')?.reason
/** True once so many events have come. */
export const events = (count: number) => (items: readonly Item[]) => idsOf(items).length >= count

export function eventOf(account: string | undefined, over: Partial<NewEvent> = {}): NewEvent {
  const at = new Date()
  const of = account === undefined ? {} : { account }
  return { id: newId('evt', at), at, type: 'message.received', data: {}, deliveries: [], ...of, ...over }
}

/** Appends so many events of an account and answers their ids. */
export async function append(
  http: RunningHttp,
  account: string | undefined,
  count: number,
): Promise<string[]> {
  const fresh = Array.from({ length: count }, () => eventOf(account))
  await http.store.events.append({ events: fresh })
  return fresh.map(({ id }) => id)
}

/** Reads a stream as an EventSource would. Resolves once its head is there; `call` may ask for another path. */
export async function readSentEvents(
  from: Where | RunningHttp,
  call: Call,
): Promise<Reader & { status: number }> {
  const { headersOf, proof, ...to } = whereOf(from)
  const headers = { accept: 'text/event-stream', ...(await headersOf(call)) }
  const where = { ...to, ...proof, host: '127.0.0.1', path: call.path, agent: false, headers }
  const asking = request(where)
  asking.end()
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  const reader = collector({
    pause: () => answer.pause(),
    resume: () => answer.resume(),
    leave: () => asking.destroy(),
  })
  asking.on('error', () => {})
  answer.on('error', () => {})
  answer.on('close', reader.end)
  readBlocks(answer, reader)
  return { ...reader.reader, status: answer.statusCode ?? 0 }
}

/** Opens a stream over WebSocket, or answers the status with which it was refused. */
export async function readWebSocket(
  from: Where | RunningHttp,
  call: Call & { readonly pongs?: boolean },
): Promise<Speaker | { status: number }> {
  const { headersOf, proof, port, servername, ca } = whereOf(from)
  const headers = (await headersOf(call)) as Record<string, string>
  const socket = new WebSocket(`wss://127.0.0.1:${port}${call.path}`, {
    ...{ servername, ca, ...proof, headers, autoPong: call.pongs ?? true },
  })
  const reader = collector({
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    leave: () => socket.terminate(),
  })
  socket.on('message', data => reader.take(JSON.parse(String(data)) as Item))
  let code: number | undefined
  socket.on('close', with_ => {
    code = with_
    reader.end()
  })
  const refused = new Promise<{ status: number }>(resolve => {
    socket.on('unexpected-response', (_, answer) => {
      resolve({ status: answer.statusCode ?? 0 })
      answer.destroy()
    })
  })
  socket.on('error', () => {})
  const speaker = {
    ...reader.reader,
    say: (text: string, fin = true) => socket.send(text, { fin }),
    code: () => code,
  }
  const opened = new Promise<Speaker>(resolve => socket.once('open', () => resolve(speaker)))
  return Promise.race([opened, refused])
}

/** A reader that can speak as well, a message in pieces too, and knows the code it was closed with. */
export type Speaker = Reader & { say(text: string, fin?: boolean): void; code(): number | undefined }

/** The code a WebSocket was closed with. */
export const codeOf = (reader: Reader) => ('code' in reader ? (reader as Speaker).code() : undefined)

/** The same must hold of both kinds of stream. */
export const STREAM_KINDS = {
  'server-sent events': readSentEvents,
  WebSocket: async (...args: Parameters<typeof readWebSocket>) => {
    const reader = await readWebSocket(...args)
    if ('status' in reader) assert.fail(`refused with ${reader.status}`)
    return reader
  },
}

/** Opens as soon as there is room: the place of one that left is free once the server has heard of it. */
export async function opened(open: () => Promise<Reader>): Promise<Reader> {
  for (;;) {
    const reader = await open().catch(() => undefined)
    if (reader !== undefined && !('status' in reader && reader.status !== 200)) return reader
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

type Hold = Pick<Reader, 'pause' | 'resume' | 'leave'>

function collector(hold: Hold): {
  reader: Reader
  take(item: Item, cursor?: string): void
  end(): void
} {
  const items: Item[] = []
  let cursor: string | undefined
  let over = false
  const waiting = new Set<() => void>()
  const ended = Promise.withResolvers<void>()
  const tell = () => {
    for (const look of [...waiting]) look()
  }
  const reader = {
    ...{ items, ended: ended.promise, ...hold, cursor: () => cursor },
    until: (enough: (items: readonly Item[]) => boolean) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (!enough(items) && !over) return
          waiting.delete(look)
          if (enough(items)) resolve()
          else reject(new Error(`the stream ended with ${JSON.stringify(items.at(-1))}`))
        }
        waiting.add(look)
        look()
      }),
  }
  return {
    reader,
    take(item, at = item.id ?? item.cursor ?? undefined) {
      cursor = at ?? cursor
      items.push(item)
      tell()
    },
    end() {
      over = true
      ended.resolve()
      tell()
    },
  }
}

/** Blocks of lines as the standard reads them: a block with no data still moves the last event id. */
function readBlocks(answer: IncomingMessage, { take }: Pick<ReturnType<typeof collector>, 'take'>): void {
  let text = ''
  answer.setEncoding('utf8')
  answer.on('data', (chunk: string) => {
    const blocks = `${text}${chunk}`.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split('\n')
      const field = (name: string) => lines.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2)
      const data = field('data')
      const item = data === undefined ? { type: lines[0] ?? '' } : (JSON.parse(data) as Item)
      take(item, field('id'))
    }
  })
}
