import {
  type Document,
  isMap,
  isSeq,
  LineCounter,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
  Document as Yaml,
} from 'yaml'
import { PosternError } from '../lib/error.ts'
import { type PolicyFile, wrongByteIn } from '../model/policy-file.ts'
import { parseYaml } from './read/yaml.ts'
import { serial } from './shape/notation.ts'

/** An entry of the list `revoked`. */
export type Revocation = {
  /** Lower-case hex without leading zeros. */
  readonly serial: string
  /** The day, for people: `2026-11-02`. */
  readonly since: string
  readonly reason?: string
}

/** The serials that a policy's files revoke, in the form of `Revocation`. Files with errors are read as far as they can be. */
export function revokedIn(files: readonly PolicyFile[]): ReadonlySet<string> {
  return new Set(files.flatMap(file => documentsOf(file).flatMap(serialsIn)))
}

/**
 * The same files with these serials revoked as well: lines are put in, nothing else changes. Unchanged when all are revoked
 * already. They go where the first list is, or to the first document of Principals. Throws PosternError
 * `policy.no_principals` when there is none, and `policy.layout` when a file is written in a way that only its author knows.
 */
export function addRevocations(
  files: readonly PolicyFile[],
  revocations: readonly Revocation[],
): readonly PolicyFile[] {
  const known = revokedIn(files)
  const fresh = revocations.filter(one => !known.has(one.serial))
  if (fresh.length === 0) return files
  const chosen = files.find(file => documentsOf(file).some(hasList)) ?? files.find(holdsPrincipals)
  if (chosen === undefined) {
    throw new PosternError(
      'policy.no_principals',
      'no policy file has a document of kind Principals to revoke in',
    )
  }
  const extended = fresh.reduce(withOne, chosen)
  return files.map(file => (file === chosen ? extended : file))
}

function withOne(file: PolicyFile, revocation: Revocation): PolicyFile {
  const entry = entryText(revocation)
  const documents = documentsOf(file)
  const document = documents.find(hasList) ?? documents.find(isPrincipals)
  const text = document && inserted(file.text, { document, entry })
  const after = { ...file, text: text ?? file.text }
  const isWhole = documentsOf(after).length === documents.length && wrongByteIn(after.text) === undefined
  if (revokedIn([after]).has(revocation.serial) && isWhole) return after
  throw new PosternError('policy.layout', `add it to the list "revoked" of ${file.name} by hand: ${entry}`)
}

type Insertion = { readonly document: Document; readonly entry: string }

function inserted(text: string, { document, entry }: Insertion): string | undefined {
  const list = listOf(document)
  const spec = document.get('spec')
  if (list !== undefined) return intoList(text, list, entry)
  if (!isMap(spec) || spec.range == null || spec.flow) return undefined
  const at = columnOf(text, spec.range[0])
  return lineAfter(text, lastEnd(spec), `${' '.repeat(at)}revoked:\n${' '.repeat(at + 2)}- ${entry}`)
}

function intoList(text: string, list: YAMLSeq, entry: string): string | undefined {
  if (list.range == null) return undefined
  const [begin, end] = list.range
  if (!list.flow) return lineAfter(text, lastEnd(list), `${' '.repeat(columnOf(text, begin))}- ${entry}`)
  if (list.items.length > 0) return `${text.slice(0, end - 1).trimEnd()}, ${entry}${text.slice(end - 1)}`
  const head = text.slice(0, begin).trimEnd()
  const indent = /^ */.exec(head.slice(head.lastIndexOf('\n') + 1))?.[0] ?? ''
  return `${head}\n${indent}  - ${entry}${text.slice(end)}`
}

/** Puts a line in after the one in which the offset is. */
function lineAfter(text: string, offset: number, line: string): string {
  const end = text.indexOf('\n', offset)
  return end < 0 ? `${text}\n${line}\n` : `${text.slice(0, end + 1)}${line}\n${text.slice(end + 1)}`
}

/** The offset of the last character of the last thing in it; comments and empty lines behind it do not count. */
function lastEnd(collection: YAMLSeq | YAMLMap): number {
  const last: unknown = collection.items.at(-1)
  const value: unknown =
    typeof last === 'object' && last !== null && 'value' in last && 'key' in last ? last.value : last
  if ((isMap(value) || isSeq(value)) && !value.flow && value.items.length > 0) return lastEnd(value)
  const range = (value as { range?: readonly number[] } | null)?.range ?? collection.range
  return Math.max(0, (range?.[1] ?? 0) - 1)
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}

/** In braces on one line. The serial is quoted: 1234 would be a number, 12e4 another one. */
function entryText(revocation: Revocation): string {
  const serialNode = new Scalar(revocation.serial)
  serialNode.type = Scalar.QUOTE_DOUBLE
  const document = new Yaml({ ...revocation, serial: serialNode }, { version: '1.2' })
  return document.toString({ lineWidth: 0, collectionStyle: 'flow' }).trim()
}

function documentsOf({ text }: PolicyFile): readonly Document[] {
  const documents = parseYaml(text, new LineCounter())
  return typeof documents === 'string' ? [] : documents
}

function holdsPrincipals(file: PolicyFile): boolean {
  return documentsOf(file).some(isPrincipals)
}

function isPrincipals(document: Document): boolean {
  return document.errors.length === 0 && isMap(document.contents) && document.get('kind') === 'Principals'
}

function listOf(document: Document): YAMLSeq | undefined {
  const list = document.getIn(['spec', 'revoked'])
  return isSeq(list) ? list : undefined
}

function hasList(document: Document): boolean {
  return isPrincipals(document) && listOf(document) !== undefined
}

function serialsIn(document: Document): readonly string[] {
  if (!hasList(document)) return []
  const count = listOf(document)?.items.length ?? 0
  return Array.from({ length: count }, (_, n) => document.getIn(['spec', 'revoked', n, 'serial'])).flatMap(
    text => (typeof text === 'string' ? (serial.parse(text) ?? []) : []),
  )
}
