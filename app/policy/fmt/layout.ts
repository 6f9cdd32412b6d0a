import type { Document, ToStringOptions } from 'yaml'
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  type Scalar,
  stringify,
  visit,
  YAMLMap,
  YAMLSeq,
} from 'yaml'
import type { MemberOrder } from './member-order.ts'

/** Columns of a line; a map or list in braces that needs more is written out. */
const WIDTH = 120
const STEP = 2

/** Texts are never folded: a line end inside one would be the formatter's, not the author's. */
export const STYLE: ToStringOptions = {
  indent: STEP,
  lineWidth: 0,
  doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
}

/** Puts members in order, settles what stands in braces and what is written out, and drops surplus blank lines. */
export function layOut(yaml: Document, order: MemberOrder): void {
  // An alias must stand behind its anchor, so a document with aliases keeps its order.
  if (!hasAlias(yaml)) sortMembers(yaml.contents, order, 'document')
  settleBlankLines(yaml)
  keepSpelling(yaml)
  settleBraces(yaml.contents, { column: 0, indent: 0 })
}

function hasAlias(yaml: Document): boolean {
  let found = false
  visit(yaml, {
    Alias() {
      found = true
      return visit.BREAK
    },
  })
  return found
}

function sortMembers(node: unknown, order: MemberOrder, holder: 'document' | 'key' | 'list'): void {
  if (isSeq(node)) {
    for (const item of node.items) sortMembers(item, order.item(), 'list')
    return
  }
  if (!isMap(node)) return
  for (const { key, value } of node.items) sortMembers(value, order.under(nameOf(key)), 'key')
  const rank = ({ key }: Pair) => {
    const at = order.keys.indexOf(nameOf(key))
    return at < 0 ? order.keys.length : at
  }
  const sorted = node.items.toSorted((a, b) => rank(a) - rank(b))
  const [first] = node.items
  if (order.keys.length === 0 || first === sorted[0]) {
    if (order.keys.length > 0) node.items = sorted
    return
  }
  if (holder !== 'list') moveHeading({ node, from: first, to: sorted[0] }, holder)
  node.items = sorted
}

type Move = { readonly node: YAMLMap; readonly from: Pair | undefined; readonly to: Pair | undefined }

/** What stands above the first member under a key speaks of that member, and goes with it; at the top it speaks of the file. */
function moveHeading({ node, from, to }: Move, holder: 'document' | 'key'): void {
  if (!isNode(from?.key) || !isNode(to?.key)) return
  if (holder === 'key' && node.commentBefore) {
    from.key.commentBefore = node.commentBefore
    node.commentBefore = null
  } else if (holder === 'document' && from.key.commentBefore) {
    const own = to.key.commentBefore
    to.key.commentBefore = own ? `${from.key.commentBefore}\n${own}` : from.key.commentBefore
    from.key.commentBefore = null
  }
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : ''
}

/** None above the first of a map or list, nor between a key and what stands under it. */
function settleBlankLines(yaml: Document): void {
  visit(yaml, {
    Pair(_, { value }) {
      if (isNode(value)) value.spaceBefore = false
    },
    Collection(_, { items: [first] }) {
      const top = isPair(first) ? first.key : first
      if (isNode(top)) top.spaceBefore = false
    },
  })
}

/** Numbers and words such as null stay as they are spelt: `+33` without quotes is a mistake to be seen, not to be tidied. */
type Spelling = { readonly spelling: string }

function keepSpelling(yaml: Document): void {
  yaml.schema.tags.unshift({
    tag: '!spelling',
    default: true,
    identify: isSpelling,
    resolve: spelling => ({ spelling }),
    test: /^$(?!$)/,
    stringify: ({ value }) => (isSpelling(value) ? value.spelling : ''),
  })
  visit(yaml, {
    Scalar(_, node) {
      if (typeof node.value === 'string' || node.source === undefined) return
      node.value = { spelling: node.source } satisfies Spelling
      delete node.tag
    },
  })
}

function isSpelling(value: unknown): value is Spelling {
  return typeof value === 'object' && value !== null && 'spelling' in value
}

/** `column`: where the value would begin on its line; `indent`: of its members, when they are written out. */
type Place = { readonly column: number; readonly indent: number }

function settleBraces(node: unknown, { column, indent }: Place): void {
  if (!isCollection(node)) return
  if (node.flow && node.items.length > 0) {
    if (!hasComment(node) && column + widthOf(node) <= WIDTH) {
      pad(node)
      return
    }
    node.flow = false
  }
  if (isSeq(node)) {
    for (const item of node.items) settleBraces(item, { column: indent + STEP, indent: indent + STEP })
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      const own = isSeq(value) || isMap(value) ? indent + STEP : indent
      settleBraces(value, { column: indent + widthOf(key) + 2, indent: own })
    }
  }
}

function hasComment(node: YAMLMap | YAMLSeq): boolean {
  let found = false
  visit(node, {
    Node(_, inner) {
      if (inner === node || !(inner.comment || inner.commentBefore)) return undefined
      found = true
      return visit.BREAK
    },
  })
  return found || (node.comment ?? '').includes('\n')
}

/** Columns that a value takes on one line. */
function widthOf(node: unknown): number {
  if (isAlias(node)) return node.source.length + 1
  if (isPair(node)) return widthOf(node.key) + (node.value === null ? 0 : 2 + widthOf(node.value))
  if (isScalar(node)) return widthOfScalar(node)
  if (!isCollection(node)) return 0
  if (node.items.length === 0) return 2
  const items: readonly unknown[] = node.items
  const inside = items.reduce<number>((sum, item) => sum + widthOf(item), 2 * (items.length - 1))
  return inside + (isMap(node) ? 4 : 2)
}

function widthOfScalar(node: Scalar): number {
  if (isSpelling(node.value)) return node.value.spelling.length
  const bare = node.clone() as Scalar
  bare.comment = null
  bare.commentBefore = null
  return stringify(bare, STYLE).trimEnd().length
}

/** `{ a: 1 }` and `[a]`: the library has one padding for both, so each map and list brings its own. */
function pad(node: YAMLMap | YAMLSeq): void {
  visit(node, {
    Map(_, map) {
      map.toString = (ctx, ...rest) =>
        YAMLMap.prototype.toString.call(map, ctx && { ...ctx, flowCollectionPadding: ' ' }, ...rest)
    },
    Seq(_, seq) {
      seq.toString = (ctx, ...rest) =>
        YAMLSeq.prototype.toString.call(seq, ctx && { ...ctx, flowCollectionPadding: '' }, ...rest)
    },
  })
}
