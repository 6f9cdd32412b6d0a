import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Code } from '../codes.ts'

/** A fault of syntax, at offsets of the file's text. */
export type Refusal = {
  readonly code: Code
  readonly message: string
  readonly offsets: readonly [number, number]
  readonly hint?: string
}

const MAX_ALIASES = 50
const CORE_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/

/** What policy files must not hold, whatever YAML says: keys written twice, merge keys, tags, keys that are no words, many or endless aliases. */
export function refusedSyntax(yaml: Document): readonly Refusal[] {
  const refusals: Refusal[] = []
  let aliases = 0
  walk(yaml.contents)
  return [...refusals, ...refusedAliases(yaml, aliases)]

  /** By hand: the library's `visit` takes five times as long, and each file is walked at each look. */
  function walk(node: unknown): void {
    if (isAlias(node)) aliases++
    else if (isScalar(node)) refuseTag(node)
    else if (isPair(node)) {
      refuseKey(node.key)
      walk(node.key)
      walk(node.value)
    } else if (isCollection(node)) {
      refuseTag(node)
      const items: readonly unknown[] = node.items
      if (isMap(node)) for (const refusal of repeatedKeys(node.items)) refusals.push(refusal)
      for (const item of items) walk(item)
    }
  }

  function refuseTag(node: Scalar | YAMLMap | YAMLSeq): void {
    if (node.tag === undefined || CORE_TAG.test(node.tag)) return
    const message = `the tag ${node.tag} is not understood`
    refusals.push({ code: 'PS-1005', message, offsets: offsetsOf(node) })
  }

  function refuseKey(key: unknown): void {
    const offsets = offsetsOf(key)
    if (!isScalar(key) || key.value === null)
      refusals.push({ code: 'PS-1001', message: 'a key must be a word', offsets })
    else if (key.value === '<<' && key.type === 'PLAIN')
      refusals.push({ code: 'PS-1004', message: 'merge keys (<<) are not understood', offsets })
  }
}

function repeatedKeys(pairs: readonly Pair[]): readonly Refusal[] {
  const seen = new Set<string>()
  const again: Refusal[] = []
  for (const { key } of pairs) {
    if (!isScalar(key)) continue
    const name = String(key.value)
    if (seen.has(name))
      again.push({ code: 'PS-1002', message: 'this key is already in the map', offsets: offsetsOf(key) })
    seen.add(name)
  }
  return again
}

function refusedAliases(yaml: Document, aliases: number): readonly Refusal[] {
  const counts = new Map<Node, number>()
  const open = new Set<Node>()
  let refusal: Refusal | undefined
  if (aliases === 0) return []
  // Each stands for one value at least, and following one means a walk through the document.
  const total = aliases > MAX_ALIASES ? Number.POSITIVE_INFINITY : count(yaml.contents)
  if (refusal === undefined && total > MAX_ALIASES) {
    refuse(yaml.contents, `the aliases of this document stand for more than ${MAX_ALIASES} values`)
  }
  return refusal === undefined ? [] : [refusal]

  /** How many values the aliases in and under `node` stand for, each alias within an alias counted again. */
  function count(node: unknown): number {
    if (isPair(node)) return count(node.key) + count(node.value)
    if (isAlias(node)) {
      const target = node.resolve(yaml)
      if (target === undefined) return refuse(node, `no anchor before this has the name ${node.source}`)
      if (open.has(target)) return refuse(node, 'an alias that stands for itself')
      return 1 + count(target)
    }
    if (!isCollection(node)) return 0
    const known = counts.get(node)
    if (known !== undefined) return known
    open.add(node)
    const items: readonly unknown[] = isMap(node) ? node.items : node.items
    const sum = items.reduce<number>((before, item) => before + count(item), 0)
    open.delete(node)
    counts.set(node, sum)
    return sum
  }

  function refuse(node: unknown, message: string): number {
    refusal ??= { code: 'PS-1006', message, offsets: offsetsOf(node) }
    return 0
  }
}

function offsetsOf(node: unknown): readonly [number, number] {
  const range = (node as Node | null)?.range
  return range ? [range[0], range[1]] : [0, 0]
}
