import { Lexer } from 'yaml'

/** Where comments behind a value begin, when the value leaves room. */
const COLUMN = 38
/** Marks of the lexer that stand for no letter of the text. */
const SCALAR = '\u001f'
const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', SCALAR])

type Comment = { readonly text: string; readonly at: number }
type Token = { readonly text: string; readonly at: number; readonly isScalar: boolean }

/** All comments of a text as they stand in it, without the space behind them. */
export function commentsOf(text: string): readonly Comment[] {
  return tokensOf(text)
    .filter(isComment)
    .map(({ text: comment, at }) => ({ text: comment.trimEnd(), at }))
}

/**
 * Moves the comments behind values into one column, or two spaces behind a value that reaches over it, and leaves one blank
 * line where there are several. Touches nothing inside texts.
 */
export function settleLines(text: string): string {
  let written = ''
  for (const token of tokensOf(text)) {
    if (token.text === '\n' && !token.isScalar && (written.endsWith('\n\n') || written === '')) continue
    if (isComment(token)) written = withRoom(written)
    written += token.text
  }
  return written
}

function withRoom(written: string): string {
  const lineStart = written.lastIndexOf('\n') + 1
  const before = written.slice(lineStart).trimEnd()
  if (before === '') return written
  return written.slice(0, lineStart) + before + ' '.repeat(Math.max(COLUMN - before.length, 2))
}

function isComment({ text, isScalar }: Token): boolean {
  return text.startsWith('#') && !isScalar
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  let isScalar = false
  for (const token of new Lexer().lex(text)) {
    if (token === SCALAR) isScalar = true
    if (MARKS.has(token)) continue
    tokens.push({ text: token, at, isScalar })
    isScalar = false
    at += token.length
  }
  return tokens
}
