import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml'
import type { Range } from '../diagnostic.ts'

/** Where a value stands in a document: keys and list positions from its top. */
export type Path = readonly (string | number)[]

/** One YAML document of one file, with the way back from its values to the text. */
export type PolicyDocument = {
  readonly file: string
  readonly kind: string | undefined
  /** The document as plain values; undefined members where it could not be read. */
  readonly value: unknown
  /** It could not be read to its end: parts of it may be missing from `value`. */
  readonly broken: boolean
  /** The place of a value, or of the key it stands under; of a map in a list, its first key. */
  rangeOf(path: Path, what: 'key' | 'value'): Range
  /** The text of the value as it stands in the file. */
  sourceOf(path: Path): string
}

type Parts = {
  readonly file: string
  readonly text: string
  readonly lines: LineCounter
  readonly yaml: Document
}

/** Puts a parsed document and its text together. */
export function policyDocument(parts: Parts, value: unknown, broken: boolean): PolicyDocument {
  const { file, text, yaml } = parts
  const kind = isRecord(value) && typeof value.kind === 'string' ? value.kind : undefined
  return {
    file,
    kind,
    value,
    broken,
    rangeOf: (path, what) => rangeOfOffsets(parts, offsetsOf(yaml, path, what)),
    sourceOf(path) {
      const [from, to] = offsetsOf(yaml, path, 'value')
      return text.slice(from, to)
    },
  }
}

/** Offsets of the text as lines and columns. Space behind the last letter does not count. */
export function rangeOfOffsets(parts: Omit<Parts, 'yaml'>, [from, to]: readonly [number, number]): Range {
  const length = parts.text.slice(from, to).trimEnd().length
  const position = (offset: number) => {
    const { line, col } = parts.lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1), offset }
  }
  return { start: position(from), end: position(from + Math.max(length, 0)) }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member of a map or the item of a list; undefined when there is none. */
export function memberOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return value[Number(key)]
  return isRecord(value) ? value[key] : undefined
}

/** The place of a JSON pointer. */
export function pathOf(pointer: string): Path {
  if (pointer === '') return []
  const parts = pointer.slice(1).split('/')
  return pointer.includes('~') ? parts.map(part => part.replaceAll('~1', '/').replaceAll('~0', '~')) : parts
}

/** True when `path` is `prefix` or lies under it. */
export function isUnder(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((part, index) => String(part) === String(path[index]))
}

function offsetsOf(yaml: Document, path: Path, what: 'key' | 'value'): readonly [number, number] {
  let node: unknown = yaml.contents
  let key: unknown
  for (const segment of path) {
    const holder = isAlias(node) ? node.resolve(yaml) : node
    const pair = isMap(holder) ? pairsOf(holder).get(String(segment)) : undefined
    const item: unknown = isSeq(holder) ? holder.items[Number(segment)] : undefined
    if (pair === undefined && item === undefined) break // a part that could not be read: its holder is marked
    key = pair?.key
    node = pair === undefined ? item : (pair.value ?? pair.key)
  }
  const firstKey = isMap(node) ? node.items[0]?.key : undefined // of what stands under no key: a list's item, the document
  const marked = what === 'key' ? (key ?? firstKey ?? node) : node
  return nodeOffsets(marked) ?? nodeOffsets(key) ?? nodeOffsets(yaml.contents) ?? [0, 0]
}

/** Found by walking once for all mistakes of a map: a file may have thousands of keys and a mistake at each. */
const pairsByName = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>()

/** The pairs of a map by their keys; of several with one key the last. */
function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const kept = pairsByName.get(map)
  if (kept !== undefined) return kept
  const named = map.items.flatMap(pair =>
    isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [],
  )
  const pairs = new Map(named)
  pairsByName.set(map, pairs)
  return pairs
}

function nodeOffsets(node: unknown): readonly [number, number] | undefined {
  const range = (node as Node | null | undefined)?.range
  return range ? [range[0], range[1]] : undefined
}
