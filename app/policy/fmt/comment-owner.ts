import {
  type Document,
  isCollection,
  isNode,
  isPair,
  type Node,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { commentsOf } from './comments.ts'

type Collection = YAMLMap | YAMLSeq

/**
 * Gives comments at the end of a map or list to whom their indentation says they belong. The parser gives a whole run of
 * them to the innermost map, also when its later lines stand further left, above the next member of an outer one.
 */
export function settleOwners(yaml: Document, text: string): void {
  const comments = commentsOf(text)
  keepBareMarks(yaml, text)
  keepBlankLines(yaml.contents)
  share(yaml.contents)

  function share(holder: unknown): void {
    if (!isCollection(holder) || holder.flow) return
    const column = columnAt(text, startOf(holder))
    holder.items.forEach((item, index) => {
      const value: unknown = isPair(item) ? item.value : item
      const innermost = lastBlock(value)
      if (innermost?.comment) handOver(innermost, holder, { column, next: holder.items[index + 1] })
      share(value)
    })
  }

  function handOver(from: Collection, holder: Collection, { column, next }: Share): void {
    const [, begin = 0, end = 0] = from.range ?? []
    const lines = comments.filter(({ at }) => at >= begin && at < end)
    const kept = lines.findLastIndex(({ at }) => columnAt(text, at) > column) + 1
    const [own, other] = splitLines(from.comment ?? '', kept)
    if (other === '') return
    from.comment = own === '' ? null : own
    const heir: unknown = isPair(next) ? next.key : next
    if (isNode(heir)) {
      heir.spaceBefore = other.startsWith('\n')
      heir.commentBefore = joined(other.replace(/^\n+/, ''), heir.commentBefore)
    } else holder.comment = joined(other, holder.comment)
  }

  /** The parser forgets a blank line above such comments. */
  function keepBlankLines(node: unknown): void {
    const value: unknown = isPair(node) ? node.value : node
    if (!isCollection(value)) return
    const [, begin = 0] = value.range ?? []
    const first = comments.find(({ at }) => at >= begin)
    if (value.comment && !value.flow && first && isBelowBlank(text, first.at))
      value.comment = `\n${value.comment}`
    for (const item of value.items) keepBlankLines(item)
  }
}

/** A `#` with no word behind `|` or `>`: the parser keeps one behind any other value, as a space, and forgets this one. */
function keepBareMarks(yaml: Document, text: string): void {
  visit(yaml, {
    Scalar(_, node) {
      const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
      if (!isBlock || node.comment) return
      const start = startOf(node)
      if (/ #\s*$/.test(text.slice(start, text.indexOf('\n', start)))) node.comment = ' '
    },
  })
}

/** Where the comments of a run go that stand at `column` or left of it: above the next member, if there is one. */
type Share = { readonly column: number; readonly next: unknown }

function lastBlock(node: unknown): Collection | undefined {
  if (!isCollection(node) || node.flow) return undefined
  const last: unknown = node.items.at(-1)
  return lastBlock(isPair(last) ? last.value : last) ?? (node as Collection)
}

/** The first `count` comments of a run, and the others with the blank line above them. */
function splitLines(run: string, count: number): readonly [string, string] {
  const lines = run.split('\n')
  let seen = 0
  let at = 0
  while (at < lines.length && seen < count) if (lines[at++] !== '') seen++
  return [lines.slice(0, at).join('\n'), lines.slice(at).join('\n')]
}

function joined(first: string, second: string | null | undefined): string {
  return second ? `${first}\n${second}` : first
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0
}

function columnAt(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}

function isBelowBlank(text: string, offset: number): boolean {
  return /\n[ \r]*\n[ ]*$/.test(text.slice(Math.max(0, offset - 200), offset))
}
