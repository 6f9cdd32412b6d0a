import type { Request } from 'express'
import type { Span } from '../../media/sealed-file.ts'

/**
 * The part of a file that a request asks for; `all` when it asks for none, for several, or for one that its `If-Range`
 * takes back. `none`: the file has no such part.
 */
export function rangeOf(request: Request, size: number): Span | 'all' | 'none' {
  if (request.get('if-range') !== undefined) return 'all' // we would have to know which version it means
  const asked = request.range(size)
  if (asked === -1) return 'none'
  const [range, another] = Array.isArray(asked) && asked.type === 'bytes' ? asked : []
  if (range === undefined || another !== undefined) return 'all'
  return { start: range.start, end: range.end + 1 }
}
