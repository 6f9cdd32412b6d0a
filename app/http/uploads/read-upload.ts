import { pipeline } from 'node:stream/promises'
import { Busboy } from '@fastify/busboy'
import type { Request } from 'express'
import { PosternError } from '../../lib/error.ts'
import { type Parsed, parsed, problem } from '../answer.ts'

/** A file on its way in. Its bytes fail with `http.broken_body` when they break off. */
export type Upload = {
  readonly bytes: AsyncIterable<Uint8Array>
  /** What the sender says that it is. */
  readonly claimed?: string
  readonly filename?: string
}

const LIMITS = {
  files: 1,
  fields: 10,
  parts: 12,
  fieldSize: 1_024,
  fieldNameSize: 100,
  headerPairs: 20,
  headerSize: 8_192,
}

/** The file of a request: its whole body, or the first file of a form. */
export async function readUpload(request: Request): Promise<Parsed<Upload>> {
  if ((request.get('content-encoding') ?? 'identity') !== 'identity')
    return problem('unsupported-media-type', 'A compressed body is not read here; send it plain.')
  if (request.is('multipart/form-data')) return await fileOfForm(request)
  const claimed = request.get('content-type')
  return parsed({ bytes: whole(request), ...(claimed === undefined ? {} : { claimed }) })
}

async function fileOfForm(request: Request): Promise<Parsed<Upload>> {
  const { promise: found, resolve } = Promise.withResolvers<Parsed<Upload>>()
  const contentType = request.get('content-type') ?? ''
  try {
    const form = new Busboy({ headers: { ...request.headers, 'content-type': contentType }, limits: LIMITS })
    form.on('file', (_field, stream, filename, _encoding, claimed) => {
      const end = Promise.withResolvers<void>()
      end.promise.catch(() => {}) // whoever reads the file hears of it
      stream.once('error', end.reject) // may come before anybody reads, and does not end the stream
      stream.once('end', end.resolve)
      const bytes = whole(stream, end.promise)
      resolve(parsed({ bytes, claimed, ...(filename === undefined ? {} : { filename }) }))
    })
    void pipeline(request, form).then(
      () => resolve(NO_FILE),
      () => resolve(BROKEN),
    )
  } catch {
    return BROKEN // no boundary
  }
  return await found
}

const NO_FILE = problem('malformed', 'The form has no file in it.')
const BROKEN = problem('malformed', 'The body is no form that can be read.')

/** `end` rejects when the source has ended before its time. */
async function* whole(source: AsyncIterable<Buffer>, end?: Promise<void>): AsyncGenerator<Uint8Array> {
  try {
    yield* source
    await end
  } catch (cause) {
    throw new PosternError('http.broken_body', 'the body broke off', { cause })
  }
}
