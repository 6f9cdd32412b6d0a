import { Lexer } from 'yaml'

/** More levels than any policy has, and few enough for a parser that calls itself for each. */
const MAX_DEPTH = 100
/** Ten times what a thousand rules need; the parser takes a second for about twice as many. */
const MAX_TOKENS = 250_000
const MAX_INDENT = 4 * MAX_DEPTH
const OPENING: ReadonlySet<string> = new Set(['[', '{'])
const CLOSING: ReadonlySet<string> = new Set([']', '}'])
/** `- - - x` opens a list in a list in a list, all on one line; so do the signs of explicit keys. Within brackets they open nothing. */
const INDICATORS: ReadonlySet<string> = new Set(['-', '?', ':'])
const SCALAR = '\u001f'

/** What a text is too much of to be given to the parser, whose time and stack it could use up. */
export type Excess = 'depth' | 'tokens'

/** Takes a text apart, as far as it may be given to the parser. */
export function boundedLexemes(text: string): readonly string[] | Excess {
  const lexemes: string[] = []
  let open = 0
  let onLine = 0
  let before = '\n'
  let indent = 0
  for (const token of new Lexer().lex(text)) {
    if (token.endsWith('\n')) onLine = 0
    else if (before !== SCALAR) {
      if (OPENING.has(token)) open++
      else if (CLOSING.has(token)) open = Math.max(open - 1, 0)
      else if (open === 0 && INDICATORS.has(token)) onLine++
    }
    const isIndentation = before.endsWith('\n') && /^ +$/.test(token)
    const begins = indent > MAX_INDENT && !token.startsWith('#') && !token.endsWith('\n')
    if (begins || open > MAX_DEPTH || onLine > MAX_DEPTH) return 'depth'
    if (lexemes.push(token) > MAX_TOKENS) return 'tokens'
    indent = isIndentation ? token.length : 0
    before = token
  }
  return lexemes
}
