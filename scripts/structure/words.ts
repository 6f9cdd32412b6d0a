import { basename } from 'node:path'
import { importsOf } from './layers.ts'
import type { Token } from './tokens.ts'

/** A violation: where, and the rule in words. */
export type Finding = { readonly file: string; readonly line: number; readonly rule: string }
type Found = Omit<Finding, 'file'>

type Home = { readonly what: string; readonly folder: string; readonly modules: RegExp }

const HOMES: readonly Home[] = [
  { what: 'Baileys', folder: 'app/whatsapp/', modules: /^(@whiskeysockets\/baileys|libsignal)(\/|$)/ },
  { what: 'Express', folder: 'app/http/', modules: /^(express|express-rate-limit|helmet)(\/|$)/ },
  { what: 'SQL', folder: 'app/store/', modules: /^(node:sqlite|kysely)(\/|$)/ },
]

const SQL =
  /\b(SELECT\s[\s\S]*\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|TRIGGER|VIEW)\s|PRAGMA\s+\w|ATTACH\s)/
const VAGUE = 'Manager|Service|Helper|Util|Processor'
const VAGUE_TYPE = new RegExp(`(${VAGUE})s?$`)
const VAGUE_FILE = new RegExp(`(^|[-_.])(${VAGUE})s?$`, 'i')
const VAGUE_FOLDERS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc'])

/** Words and modules that stand where they do not belong. */
export function misplacedWords(file: string, tokens: readonly Token[]): Found[] {
  const inApp = file.startsWith('app/')
  const code = tokens.filter(token => token.kind !== 'comment')
  return [
    ...(inApp ? misplacedModules(file, tokens) : []),
    ...(inApp ? misplacedNames(file, code) : []),
    ...code.flatMap((token, index) => badShape(token, code[index - 1], code[index + 1])),
    ...tokens.filter(isSilencer).map(({ line }) => ({ line, rule: 'a type error is solved, not silenced' })),
    ...vagueFile(file),
  ]
}

function misplacedModules(file: string, tokens: readonly Token[]): Found[] {
  return importsOf(tokens).flatMap(({ specifier, line }) =>
    HOMES.filter(home => home.modules.test(specifier) && !file.startsWith(home.folder)).map(home => ({
      line,
      rule: `${home.what} lives in ${home.folder}: ${specifier} is imported elsewhere`,
    })),
  )
}

function misplacedNames(file: string, code: readonly Token[]): Found[] {
  const inStore = file.startsWith('app/store/')
  const inConfig = file.startsWith('app/config/')
  return code.flatMap(({ kind, text, line }, index) => {
    if (kind === 'string' && !inStore && SQL.test(text)) return [{ line, rule: 'SQL lives in app/store/' }]
    if (kind === 'word' && !inStore && text === 'DatabaseSync')
      return [{ line, rule: 'DatabaseSync lives in app/store/' }]
    if (kind === 'word' && text === 'execArgv') {
      return [{ line, rule: 'execArgv would let a worker out of the permission model' }]
    }
    if (!inConfig && isEnvironment(code, index)) return [{ line, rule: 'process.env lives in app/config/' }]
    return []
  })
}

/** `process.env`, `process['env']`, `process?.env`, `{ env } = process`, `import { env } from 'node:process'`. */
function isEnvironment(code: readonly Token[], index: number): boolean {
  const [before, here, next] = [code[index - 1], code[index], code[index + 1]]
  const isProcess = here?.kind === 'word' && here.text === 'process'
  if (isProcess && code[index + 2]?.text === 'env' && ['.', '?.', '['].includes(next?.text ?? '')) return true
  if (isProcess && before?.text === '=' && code[index - 2]?.text === '}') return true
  return here?.kind === 'string' && /^(node:)?process$/.test(here.text) && before?.text === 'from'
}

function badShape(token: Token, before: Token | undefined, next: Token | undefined): Found[] {
  const { line } = token
  if (token.kind !== 'word') return []
  if (token.text === 'default' && (before?.text === 'export' || before?.text === 'as'))
    return [{ line, rule: 'exports are named' }]
  if (token.text === 'any' && isType(before, next))
    return [{ line, rule: 'any is no type: unknown, and parse it' }]
  const declares = before?.kind === 'word' && ['class', 'interface', 'type'].includes(before.text)
  if (declares && VAGUE_TYPE.test(token.text))
    return [{ line, rule: `${token.text} says nothing: name what it is` }]
  return []
}

function isType(before: Token | undefined, next: Token | undefined): boolean {
  if (next?.kind === 'sign' && ['.', '?.', '(', ':', '=>', '='].includes(next.text))
    return next.text === '=' && before?.text === ':'
  return [':', '<', '|', '&', ',', '=', '(', '=>', 'as', 'is', 'satisfies', 'extends', 'readonly'].includes(
    before?.text ?? '',
  )
}

function isSilencer(token: Token): boolean {
  return token.kind === 'comment' && /^[\s/*]*@ts-(ignore|expect-error|nocheck)\b/.test(token.text)
}

function vagueFile(file: string): Found[] {
  const name = basename(file).replace(/\.[cm]?tsx?$/, '')
  const folder = file.startsWith('app/') ? file.split('/').find(part => VAGUE_FOLDERS.has(part)) : undefined
  return [
    ...(name === 'index' ? [{ line: 1, rule: 'no index.ts: import the file that has the thing' }] : []),
    ...(VAGUE_FILE.test(name)
      ? [{ line: 1, rule: `the file name ${name} says nothing: name what it is` }]
      : []),
    ...(folder === undefined
      ? []
      : [{ line: 1, rule: `the folder name ${folder} says nothing: name what is in it` }]),
  ]
}
