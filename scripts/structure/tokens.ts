/** One word of a source text. `text` is the bare content for strings and comments, the sign or word otherwise. */
export type Token = {
  readonly kind: 'word' | 'sign' | 'string' | 'regex' | 'number' | 'comment'
  readonly text: string
  readonly line: number
}

type Piece = { readonly kind: Token['kind']; readonly pattern: RegExp; readonly group?: number }

const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[dgimsuvy]*/y
const CHUNK = /((?:\\[\s\S]|\$(?!\{)|[^\\`$])*)(`|\$\{)/y
const PIECES: readonly Piece[] = [
  { kind: 'comment', pattern: /\/\/(.*)/y, group: 1 },
  { kind: 'comment', pattern: /\/\*([\s\S]*?)\*\//y, group: 1 },
  { kind: 'string', pattern: /'((?:\\[\s\S]|[^'\\\n])*)'/y, group: 1 },
  { kind: 'string', pattern: /"((?:\\[\s\S]|[^"\\\n])*)"/y, group: 1 },
  { kind: 'number', pattern: /\.?\d(?:[eE][+-]|[\w.])*/y },
  { kind: 'word', pattern: /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy },
  { kind: 'sign', pattern: /=>|\.\.\.|\?\.|[^\s\w]/y },
]

/** After these a slash begins a regular expression; after any other word, a number or a closing bracket it divides. */
const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'do',
  'else',
  'void',
  'delete',
  'throw',
  'await',
  'yield',
])

/** Splits TypeScript or JavaScript into tokens. Template literals give one string token per chunk. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  const templates: number[] = [] // depth of braces at which each open `${` closes
  let [at, line, depth] = [0, 1, 0]

  while (at < source.length) {
    const space = match(/\s+/y)
    if (space !== undefined) {
      advance(space[0])
    } else if (source[at] === '`') {
      advance('`')
      template()
    } else if (source[at] === '}' && templates.at(-1) === depth) {
      templates.pop()
      advance('}')
      template()
    } else {
      plain()
    }
  }
  return tokens

  function plain(): void {
    const regex = source[at] === '/' && regexMayStart(tokens) ? match(REGEX) : undefined
    const found =
      regex === undefined ? firstPiece() : { kind: 'regex' as const, text: regex[0], whole: regex[0] }
    if (found === undefined) advance(source.charAt(at))
    else add(found.kind, found.text, found.whole)
  }

  function firstPiece(): { kind: Token['kind']; text: string; whole: string } | undefined {
    for (const { kind, pattern, group } of PIECES) {
      const found = match(pattern)
      if (found === undefined) continue
      if (found[0] === '{') depth += 1
      if (found[0] === '}') depth -= 1
      return { kind, text: found[group ?? 0] ?? '', whole: found[0] }
    }
    return undefined
  }

  function template(): void {
    const chunk = match(CHUNK)
    if (chunk?.[2] === '${') templates.push(depth)
    // A template that is never closed swallows the rest, as it would in the compiler.
    add('string', chunk?.[1] ?? '', chunk?.[0] ?? source.slice(at))
  }

  function add(kind: Token['kind'], text: string, whole: string): void {
    tokens.push({ kind, text, line })
    advance(whole)
  }

  function match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at
    return pattern.exec(source) ?? undefined
  }

  function advance(text: string): void {
    at += text.length
    for (const char of text) if (char === '\n') line += 1
  }
}

function regexMayStart(tokens: readonly Token[]): boolean {
  const before = tokens.findLast(token => token.kind !== 'comment')
  if (before === undefined) return true
  if (before.kind === 'word') return BEFORE_REGEX.has(before.text)
  return before.kind === 'sign' && ![')', ']', '}'].includes(before.text)
}
