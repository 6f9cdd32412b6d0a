import type { Readable } from 'node:stream'

const HEAD_BYTES = 16 * 1024

/** The first 16 KiB of an answer's body as text. Stops there: the rest is never read. A body that breaks off gives what came. */
export async function readHead(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= HEAD_BYTES) break
    }
  } catch {
    // The status line has been received; what is missing of the body changes nothing.
  }
  return Buffer.concat(chunks).subarray(0, HEAD_BYTES).toString('utf8')
}

/** Milliseconds a `Retry-After` asks for, in seconds or as an HTTP date. Undefined when absent or unreadable. */
export function retryAfterMs(value: string | string[] | undefined, now: Date): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime())
}
