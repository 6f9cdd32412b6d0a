import { Busboy } from '@fastify/busboy'
import type { Request } from 'express'
import { type Parsed, parsed, problem } from '../../answer.ts'

/** A form that is read whole: its texts by name, and one file. */
export type Form = { readonly fields: Readonly<Record<string, string>>; readonly file?: Buffer }

const LIMITS = { files: 1, fields: 10, parts: 12, fieldSize: 1_024, fieldNameSize: 100, headerPairs: 20 }

/** Reads a small form; a file of more than `maxBytes` is refused. */
export async function readForm(request: Request, maxBytes: number): Promise<Parsed<Form>> {
  if (!request.is('multipart/form-data'))
    return problem('unsupported-media-type', 'A form is needed: multipart/form-data.')
  const { promise, resolve } = Promise.withResolvers<Parsed<Form>>()
  const fields: Record<string, string> = {}
  const chunks: Buffer[] = []
  let isTooLarge = false
  try {
    const contentType = request.get('content-type') ?? ''
    const limits = { ...LIMITS, fileSize: maxBytes }
    const form = new Busboy({ headers: { ...request.headers, 'content-type': contentType }, limits })
    form.on('field', (name, value) => (fields[name] = value))
    form.on('file', (_name, stream) => {
      stream.on('limit', () => (isTooLarge = true))
      stream.on('error', () => resolve(BROKEN))
      stream.on('data', chunk => chunks.push(chunk))
    })
    form.on('error', () => resolve(BROKEN))
    form.on('finish', () => {
      const file = chunks.length === 0 ? {} : { file: Buffer.concat(chunks) }
      resolve(isTooLarge ? TOO_LARGE : parsed({ fields, ...file }))
    })
    request.on('error', () => resolve(BROKEN))
    request.on('close', () => {
      if (!request.complete) resolve(BROKEN) // one that is whole is closed before all of it has been read as a form
    })
    request.pipe(form)
  } catch {
    return BROKEN // no boundary
  }
  return await promise
}

const BROKEN = problem('malformed', 'The body is no form that can be read.')
const TOO_LARGE = problem('too-large', 'The file is larger than the policy allows.', {
  headers: { Connection: 'close' },
})
