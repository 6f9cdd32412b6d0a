import { stripTypeScriptTypes } from 'node:module'
import { type Token, tokenize } from './tokens.ts'

/** A function with a block as its body, and the lines from its name to its closing brace. */
export type FunctionSize = { readonly name: string; readonly line: number; readonly lines: number }

const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with'])
/** Callbacks that only group tests are no functions anybody reads as one. */
const GROUPS = new Set(['describe', 'suite'])

/**
 * Measures every function of a TypeScript source. Types are stripped first, which leaves few braces to tell apart: after
 * `=>` comes a body; after `)` comes one unless a control word stands before the matching `(`.
 */
export function functionSizes(source: string): FunctionSize[] {
  const tokens = tokenize(stripTypeScriptTypes(source)).filter(token => token.kind !== 'comment')
  const pairs = matchBrackets(tokens)
  const sizes: FunctionSize[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'sign' || token.text !== '{') continue
    const head = headOf(tokens, pairs, index)
    const end = tokens[pairs.get(index) ?? -1]
    if (head === undefined || end === undefined || GROUPS.has(head.name)) continue
    sizes.push({ name: head.name, line: head.line, lines: end.line - head.line + 1 })
  }
  return sizes
}

/** The name and first line of the function whose body opens at `index`, or undefined when it is no function's body. */
function headOf(tokens: readonly Token[], pairs: ReadonlyMap<number, number>, index: number) {
  const isArrow = isSign(tokens[index - 1], '=>')
  const close = isArrow ? index - 2 : index - 1
  if (!isSign(tokens[close], ')')) {
    return isArrow ? named(tokens, close - 1, close) : undefined // x => { … }
  }
  const open = pairs.get(close)
  if (open === undefined) return undefined
  const before = tokens[open - 1]
  if (!isArrow && before?.kind === 'word' && CONTROL.has(before.text)) return undefined
  if (!isArrow && before?.text === 'await' && tokens[open - 2]?.text === 'for') return undefined
  return isArrow
    ? named(tokens, open - 1, open)
    : { name: nameOr(before), line: (before ?? tokens[open])?.line ?? 1 }
}

/** Names an arrow function after what it is assigned or passed to; `at` is the token before its parameters. */
function named(tokens: readonly Token[], at: number, first: number): { name: string; line: number } {
  const line = tokens[first]?.line ?? 1
  const start = tokens[at]?.text === 'async' ? at - 1 : at
  if (isSign(tokens[start], '=') || isSign(tokens[start], ':'))
    return { name: nameOr(tokens[start - 1]), line }
  for (let back = start; back > 0 && tokens[back]?.line === line; back -= 1) {
    if (isSign(tokens[back], '(')) return { name: nameOr(tokens[back - 1]), line }
  }
  return { name: nameOr(undefined), line }
}

function nameOr(token: Token | undefined): string {
  return token?.kind === 'word' ? token.text : 'a function'
}

/** Indexes of opening and closing brackets, each mapped to its partner. */
function matchBrackets(tokens: readonly Token[]): Map<number, number> {
  const pairs = new Map<number, number>()
  const open: number[] = []
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'sign') continue
    if ('([{'.includes(text)) open.push(index)
    if (!')]}'.includes(text)) continue
    const partner = open.pop()
    if (partner === undefined) continue
    pairs.set(partner, index)
    pairs.set(index, partner)
  }
  return pairs
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text
}
