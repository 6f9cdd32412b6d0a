import { Composer, type CST, type Document, LineCounter, Parser, type YAMLError } from 'yaml'
import { type PolicyFile, wrongByteIn } from '../../model/policy-file.ts'
import type { Code } from '../codes.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { boundedLexemes, type Excess } from './bounds.ts'
import { type PolicyDocument, policyDocument, rangeOfOffsets } from './document.ts'
import { type Refusal, refusedSyntax } from './refused-syntax.ts'

const MAX_BYTES = 1_048_576
const MAX_DOCUMENTS = 1_000
/** Of one document; nobody mends more before the next look, and each costs a search for its place. */
const MAX_REFUSALS = 100

const EXCESS: Readonly<Record<Excess, readonly [code: Code, message: string]>> = {
  depth: ['PS-1001', 'nested too deeply to be read'],
  tokens: ['PS-1007', 'the file holds too many keys and values'],
}

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  uniqueKeys: false, // looked for in refusedSyntax: the library compares each key with all others
  prettyErrors: false,
  logLevel: 'silent',
} as const

/** What one file gave: its documents, and what keeps them from being read as they are. */
export type ReadFile = {
  readonly documents: readonly PolicyDocument[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads one file as YAML 1.2 with the core schema. Never throws; a faulty document is given as far as it could be read. */
export function readYaml(file: PolicyFile): ReadFile {
  const lines = new LineCounter()
  const base = { file: file.name, text: file.text, lines }
  if (Buffer.byteLength(file.text) > MAX_BYTES) {
    return { documents: [], diagnostics: [fault('PS-1007', 'the file is larger than 1 MiB', file.name)] }
  }
  if ([...file.text.matchAll(/^(---|\.\.\.)/gm)].length > MAX_DOCUMENTS) {
    const message = `the file holds more than ${MAX_DOCUMENTS} documents`
    return { documents: [], diagnostics: [fault('PS-1007', message, file.name)] }
  }
  const parsed = parseYaml(file.text, lines)
  if (typeof parsed === 'string') {
    const [code, message] = EXCESS[parsed]
    return { documents: [], diagnostics: [fault(code, message, file.name)] }
  }
  const [wrong, tab] = [wrongByte(file.text), firstTab(file.text)]
  const refusals = [wrong, tab].filter(refusal => refusal !== undefined)
  const documents: PolicyDocument[] = []
  for (const yaml of parsed) {
    const found = [...syntaxErrors(yaml, wrong ?? tab), ...refusedSyntax(yaml)].slice(0, MAX_REFUSALS)
    refusals.push(...found)
    if (yaml.contents === null && yaml.errors.length === 0 && parsed.length > 1) continue // an empty `---`
    const endless = found.some(refusal => refusal.code === 'PS-1006')
    const broken = endless || wrong !== undefined || yaml.errors.length > 0
    documents.push(policyDocument({ ...base, yaml }, endless ? undefined : plainValue(yaml), broken))
  }
  const diagnostics = refusals.map(({ code, message, offsets, hint }): Diagnostic => {
    const range = rangeOfOffsets(base, offsets)
    return { ...fault(code, message, file.name), range, ...(hint !== undefined && { hint }) }
  })
  return { documents, diagnostics }
}

/** The documents of a text, or what it is too much of to be read. */
export function parseYaml(text: string, lines: LineCounter): readonly Document[] | Excess {
  const lexemes = boundedLexemes(text)
  if (typeof lexemes === 'string') return lexemes
  const parser = new Parser(lines.addNewLine)
  try {
    return [...new Composer(OPTIONS).compose(tokens())]
  } catch (error) {
    if (error instanceof RangeError) return 'depth'
    throw error
  }

  /** What `parser.parse` does, but that the text is taken apart already. */
  function* tokens(): Generator<CST.Token> {
    lines.addNewLine(0)
    for (const lexeme of lexemes) yield* parser.next(lexeme)
    yield* parser.end()
  }
}

/** One fault is told once: what the parser says of a line with a tab follows from the tab, later errors mostly from the first. */
function syntaxErrors(yaml: Document, cause: Refusal | undefined): readonly Refusal[] {
  const [first] = yaml.errors
  return first === undefined || cause !== undefined ? [] : [asRefusal(first)]
}

function asRefusal({ pos: [from, to], message: words }: YAMLError): Refusal {
  const message = words.replace(/^./, letter => letter.toLowerCase()).replace(/\.$/, '')
  return { code: 'PS-1001', message: `not readable as YAML: ${message}`, offsets: [from, to] }
}

function wrongByte(text: string): Refusal | undefined {
  const at = wrongByteIn(text)
  if (at === undefined) return undefined
  const hint = 'have your editor save the file as UTF-8'
  return { code: 'PS-1008', message: 'not UTF-8 text from here on', offsets: [at, at + 1], hint }
}

function firstTab(text: string): Refusal | undefined {
  const at = text.indexOf('\t')
  if (at < 0) return undefined
  const hint = 'indent with spaces; inside a quoted text write \\t'
  return { code: 'PS-1003', message: 'tab character', offsets: [at, at + 1], hint }
}

/** Its aliases were counted before. */
function plainValue(yaml: Document): unknown {
  return yaml.toJS({ maxAliasCount: -1 })
}

function fault(code: Code, message: string, file: string): Diagnostic {
  return { severity: 'error', code, message, file }
}
