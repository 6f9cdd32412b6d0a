import type { Readable } from 'node:stream'
import type { ProblemCode } from './errors.ts'
import type { StreamItem } from './events/follow.ts'

/** What a route answers. Routes never touch Express's response; `application.ts` writes it. */
export type Answer = JsonAnswer | BytesAnswer | FileAnswer | StreamAnswer | Problem

export type Headers = Readonly<Record<string, string>>

export type JsonAnswer = {
  readonly kind: 'json'
  readonly status: number
  readonly body: object
  readonly headers?: Headers
}

export type BytesAnswer = {
  readonly kind: 'bytes'
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly headers?: Headers
}

/** A file of `size` bytes or, where a part is asked for, that part. `none`: there is no such part. */
export type FileAnswer = {
  readonly kind: 'file'
  readonly size: number
  readonly span: FileSpan | 'all' | 'none'
  readonly open: (span: FileSpan) => Readable
  readonly headers: Headers
}

/** Bytes from `start` up to, and not including, `end`. */
export type FileSpan = { readonly start: number; readonly end: number }

/** Events as they happen, to the form of stream that the request asked for; ends when `items` do. */
export type StreamAnswer = {
  readonly kind: 'stream'
  readonly items: AsyncIterable<StreamItem>
  /** A reader that takes nothing for so long is cut off. */
  readonly stallMs: number
  /** Aborted when whoever has not left by itself is cut off. */
  readonly cut: AbortSignal
  readonly headers?: Headers
}

/** A refusal or failure, as RFC 9457 wants it told. `detail` is one sentence for the caller and names nothing internal. */
export type Problem = {
  readonly kind: 'problem'
  readonly code: ProblemCode
  readonly detail: string
  readonly errors?: readonly FieldError[]
  /** Id of the recorded decision that refused. */
  readonly decision?: string
  readonly headers?: Headers
}

/** `path` is a JSONPath into the body (`$.text.body`), or the name of a query parameter or header. */
export type FieldError = { readonly path: string; readonly message: string }

/** Something read from a request, or why it cannot be used. */
export type Parsed<T> = { readonly kind: 'parsed'; readonly value: T } | Problem

export function json(body: object, status = 200, headers: Headers = {}): JsonAnswer {
  return { kind: 'json', status, body, headers }
}

export function problem(code: ProblemCode, detail: string, more: Partial<Problem> = {}): Problem {
  return { ...more, kind: 'problem', code, detail }
}

/** A 422 about one place in the request. */
export function invalid(path: string, message: string): Problem {
  return problem('invalid', `${path} ${message}.`, { errors: [{ path, message }] })
}

export function parsed<T>(value: T): Parsed<T> {
  return { kind: 'parsed', value }
}
