import { isDeepStrictEqual } from 'node:util'
import { type Document, isMap, isScalar, LineCounter } from 'yaml'
import type { PolicyFile } from '../../model/policy-file.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { parseYaml, readYaml } from '../read/yaml.ts'
import { settleOwners } from './comment-owner.ts'
import { commentsOf, settleLines } from './comments.ts'
import { layOut, STYLE } from './layout.ts'
import { memberOrder } from './member-order.ts'

export type Formatted =
  | { readonly kind: 'formatted'; readonly text: string }
  /** It does not parse, and is not touched. */
  | { readonly kind: 'unreadable'; readonly diagnostics: readonly Diagnostic[] }
  /** Written anew it would say something else, or lose a comment: a layout so odd is the author's to change. */
  | { readonly kind: 'kept'; readonly reason: string }

/** Rounds until the layout is at rest: a comment that moved to a line of its own may let its map fit the line. */
const ROUNDS = 4

/**
 * The canonical layout of a policy file: two spaces a step, members in the order of their schema, braces kept where the
 * author wrote them and they fit the line, comments kept. Never changes what the file says: that is checked on every text.
 */
export function formatPolicy(file: PolicyFile): Formatted {
  const read = readYaml(file)
  if (read.diagnostics.length > 0) return { kind: 'unreadable', diagnostics: read.diagnostics }
  let text = file.text
  for (let round = 0; round < ROUNDS; round++) {
    const next = rewrite(text)
    if (next === text) return { kind: 'formatted', text }
    const fault = lost(text, next)
    if (fault !== undefined) return { kind: 'kept', reason: fault }
    text = next
  }
  return { kind: 'kept', reason: 'its layout does not come to rest' }
}

function rewrite(text: string): string {
  const documents = parseYaml(text, new LineCounter())
  if (typeof documents === 'string' || documents.length === 0)
    return text.trim() === '' ? '' : `${settleLines(text.replaceAll('\r', '')).trimEnd()}\n`
  const written = documents
    .map(yaml => asText(yaml, text))
    .filter((document, index) => index === 0 || document !== '')
  return settleLines(written.join('---\n'))
}

function asText(yaml: Document, source: string): string {
  if (isEmpty(yaml)) return commentText([yaml.commentBefore, yaml.contents?.commentBefore, yaml.comment])
  const kind: unknown = isMap(yaml.contents) ? yaml.get('kind') : undefined
  settleOwners(yaml, source)
  layOut(yaml, memberOrder(typeof kind === 'string' ? kind : ''))
  if (yaml.directives !== undefined) {
    yaml.directives.yaml.explicit = false
    yaml.directives.docStart = null
    yaml.directives.docEnd = false
  }
  return yaml.toString(STYLE)
}

/** Nothing but comments. */
function isEmpty({ contents }: Document): boolean {
  return contents === null || (isScalar(contents) && contents.source === '')
}

function commentText(comments: readonly (string | null | undefined)[]): string {
  const text = comments.filter(comment => comment).join('\n')
  return text === '' ? '' : `${text.replace(/^(?!$)/gm, '#')}\n`
}

/** What `after` would lose of `before`; undefined when it says the same with the same comments. */
function lost(before: string, after: string): string | undefined {
  const words = (text: string) =>
    commentsOf(text)
      .map(comment => comment.text)
      .sort()
  if (!isDeepStrictEqual(words(before), words(after))) return 'a comment would be lost'
  return isDeepStrictEqual(saying(before), saying(after)) ? undefined : 'a value would change'
}

function saying(text: string): readonly unknown[] | undefined {
  const { documents, diagnostics } = readYaml({ name: '', text })
  return diagnostics.length > 0
    ? undefined
    : documents.map(({ value }) => value).filter(value => value !== null)
}
