import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import type { StreamAnswer } from '../answer.ts'
import type { StreamItem } from './follow.ts'
import { itemText } from './wire.ts'

/**
 * Writes a stream as server-sent events, at the speed at which the reader takes them: no item is asked for while there is no
 * room for it. One that takes nothing for `stallMs` is cut off: it comes back with its `Last-Event-ID` and has missed nothing.
 */
export async function serveSentEvents(
  response: Response,
  { items, stallMs, cut }: StreamAnswer,
): Promise<void> {
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    Vary: 'Accept',
    'X-Accel-Buffering': 'no',
  })
  response.flushHeaders()
  response.setTimeout(stallMs, () => response.destroy())
  // A reader that left is no failure: everything of the stream ends with it.
  await pipeline(texts(items), response, { signal: cut }).catch(() => {})
}

async function* texts(items: AsyncIterable<StreamItem>): AsyncGenerator<string> {
  for await (const item of items) yield itemText(item)
}
