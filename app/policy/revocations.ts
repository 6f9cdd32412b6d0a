import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
  Document as Yaml,
} from 'yaml'
import { PosternError } from '../lib/error.ts'
import { present } from '../lib/present.ts'
import { type PolicyFile, wrongByteIn } from '../model/policy-file.ts'
import { policyDigest } from './digest.ts'
import { parseYaml } from './read/yaml.ts'
import { instant, serial } from './shape/notation.ts'

const MAY_REVOKE = ['Principals', 'revoked']

/** An entry of the list `revoked`. */
export type Revocation = {
  /** Lower-case hex without leading zeros. */
  readonly serial: string
  /** The day, for people: `2026-11-02`. */
  readonly since?: string
  readonly reason?: string
}

/** What a policy's files revoke. Files with errors are read as far as they can be. */
export function revocationsIn(files: readonly PolicyFile[]): readonly Revocation[] {
  return files.flatMap(partsOf).filter(mayRevoke).flatMap(documentsOf).flatMap(entriesIn)
}

/** The serials of that, in the form of `Revocation`. */
export function revokedIn(files: readonly PolicyFile[]): ReadonlySet<string> {
  return new Set(revocationsIn(files).map(one => one.serial))
}

/** The digest of files beside what they revoke: the same, however many revocations `addRevocations` puts in. */
export function digestBesideRevoked(files: readonly PolicyFile[]): string {
  return policyDigest(files.map(file => ({ ...file, text: besideRevoked(file) })))
}

/** The same files with these serials revoked as well; in a file of their own, where `addRevocations` finds no place. */
export function withRevocations(
  files: readonly PolicyFile[],
  revocations: readonly Revocation[],
): readonly PolicyFile[] {
  try {
    return addRevocations(files, revocations)
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    const known = revokedIn(files)
    const lines = revocations.filter(one => !known.has(one.serial)).map(one => `    - ${entryText(one)}\n`)
    const text = `kind: Principals\nspec:\n  revoked:\n${lines.join('')}`
    return [...files, { name: freeName(files), text }]
  }
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
  const isWhole = besideRevoked(after) === besideRevoked(file) && wrongByteIn(after.text) === undefined
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

function entriesIn(document: Document): readonly Revocation[] {
  if (!hasList(document)) return []
  const count = listOf(document)?.items.length ?? 0
  return Array.from({ length: count }, (_, n) => {
    const textOf = (member: keyof Revocation) => {
      const text = document.getIn(['spec', 'revoked', n, member])
      return typeof text === 'string' ? text : undefined
    }
    const since = textOf('since')
    return {
      serial: serial.parse(textOf('serial') ?? ''),
      ...present({ since: instant.parse(since ?? '') && since, reason: textOf('reason') }),
    }
  }).filter((entry): entry is Revocation => entry.serial !== undefined)
}

/** A file document by document: what is revoked is asked while the appliance works, and to read a thousand rules for it takes long. */
function partsOf({ name, text }: PolicyFile): readonly PolicyFile[] {
  return text.split(/^(?=---)/m).map(part => ({ name, text: part }))
}

function mayRevoke({ text }: PolicyFile): boolean {
  return MAY_REVOKE.every(word => text.includes(word))
}

/** The text without its lists of revocations, nor what blank space ends it. */
function besideRevoked(file: PolicyFile): string {
  return partsOf(file).map(withoutList).join('').trimEnd()
}

function withoutList(file: PolicyFile): string {
  if (!mayRevoke(file)) return file.text
  const spans = documentsOf(file)
    .map(document => spanOfList(file.text, document))
    .filter(span => span !== undefined)
  return spans.reduceRight((text, [from, to]) => text.slice(0, from) + text.slice(to), file.text)
}

/** Whole lines, and in braces the member alone. None where a name is given that the rest of the document may use. */
function spanOfList(text: string, document: Document): readonly [from: number, to: number] | undefined {
  const [list, spec] = [listOf(document), document.get('spec')]
  if (!isPrincipals(document) || list?.range == null || !isMap(spec) || hasAnchor(list)) return undefined
  const key = spec.items.map(pair => pair.key).find(key => isScalar(key) && key.value === 'revoked')
  const from = isScalar(key) ? key.range?.[0] : undefined
  if (from === undefined) return undefined
  if (spec.flow) return [from, list.range[1]]
  const end = text.indexOf('\n', list.flow ? list.range[1] : lastEnd(list))
  return [from - columnOf(text, from), end < 0 ? text.length : end + 1]
}

function hasAnchor(list: YAMLSeq): boolean {
  let found = false
  visit(list, {
    Value(_, { anchor }) {
      found ||= anchor !== undefined
    },
  })
  return found
}

function freeName(files: readonly PolicyFile[], count = 1): string {
  const name = count === 1 ? 'revoked.yaml' : `revoked-${count}.yaml`
  return files.some(file => file.name === name) ? freeName(files, count + 1) : name
}
