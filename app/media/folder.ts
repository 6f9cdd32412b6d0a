import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createSpentBuffers } from '../lib/spent-buffers.ts'
import type { FileTraits, StoredFile } from '../model/media.ts'
import type { NewFile } from '../store/media.ts'
import { HEAD_BYTES, inspect, TAIL_BYTES } from './inspect/inspect.ts'
import { createSealed, openSealed, type SealedWriter, type Span } from './sealed-file.ts'

/** A file that was written and looked at, and that nothing refers to yet. */
export type Written = { readonly traits: FileTraits; readonly file: NewFile }

/** `refused`: a sentence about the file that follows its name. */
export type Outcome =
  | ({ readonly kind: 'written' } & Written)
  | { readonly kind: 'too-large' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'refused'; readonly reason: string }

/** `unlooked`: what comes from others is shown as what it is, but not refused. */
export type WriteOptions = { readonly maxBytes: number; readonly unlooked?: boolean }

/** The folder in which the bytes lie, each file encrypted under a key of its own. */
export type Folder = {
  /** Rejects with what the source fails with. Nothing is left behind but what is `written`. */
  write(source: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<Outcome>
  open(file: StoredFile, span?: Span): Readable
  /** Where it lies, for who opens it in another thread. */
  pathOf(file: StoredFile): string
  drop(names: readonly string[]): Promise<void>
  /** Removes what nobody has kept before the last end. */
  dropAllBut(names: readonly string[]): Promise<void>
}

const NAME_BYTES = 16
const SUFFIX = '.sealed'

/** Opens the folder, and makes it when there is none. */
export function openFolder(path: string): Folder {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const at = (name: string) => join(path, name)
  const open = (file: StoredFile, span?: Span) => openSealed(at(file.name), file, span)

  async function write(source: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<Outcome> {
    const name = `${randomBytes(NAME_BYTES).toString('hex')}${SUFFIX}`
    const writer = await createSealed(at(name))
    let outcome: Outcome | undefined
    try {
      const sha256 = await fill(writer, source, options.maxBytes)
      outcome = sha256 === undefined ? { kind: 'too-large' } : await looked(sha256)
      return outcome
    } finally {
      if (outcome?.kind !== 'written') {
        await writer.abandon()
        await drop([name])
      }
    }

    async function looked(sha256: string): Promise<Outcome> {
      const file = { name, sha256, ...(await writer.end()) }
      if (file.size === 0) return { kind: 'empty' }
      const found = await inspectFile(file)
      const { size } = file
      if (found.kind === 'fine') return { kind: 'written', file, traits: { ...found.traits, size, sha256 } }
      if (!options.unlooked) return found
      return { kind: 'written', file, traits: { mimeType: 'application/octet-stream', size, sha256 } }
    }
  }

  async function inspectFile(file: StoredFile) {
    const { size } = file
    const bytes = (start: number, length: number) =>
      bytesOf(open(file, { start, end: Math.min(size, start + length) }))
    return await inspect({
      size,
      head: await bytes(0, HEAD_BYTES),
      tail: await bytes(Math.max(0, size - TAIL_BYTES), TAIL_BYTES),
      read: bytes,
    })
  }

  async function drop(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(at(name), { force: true })
  }

  return {
    write,
    open,
    pathOf: file => at(file.name),
    drop,
    async dropAllBut(names) {
      const kept = new Set(names)
      await drop((await readdir(path)).filter(name => name.endsWith(SUFFIX) && !kept.has(name)))
    },
  }
}

/** The hash of what was written, in hex; undefined when it is more than that. */
async function fill(
  writer: SealedWriter,
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string | undefined> {
  const hash = createHash('sha256')
  const spend = createSpentBuffers()
  let size = 0
  for await (const bytes of source) {
    size += bytes.length
    if (size > maxBytes) return undefined
    hash.update(bytes)
    await writer.write(bytes)
    spend(bytes.length)
  }
  return hash.digest('hex')
}

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
