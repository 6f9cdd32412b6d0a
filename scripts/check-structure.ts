import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { functionSizes } from './structure/functions.ts'
import { forbiddenImport, importsOf } from './structure/layers.ts'
import { tokenize } from './structure/tokens.ts'
import { type Finding, misplacedWords } from './structure/words.ts'

const FOLDERS = ['app', 'scripts', 'test']
/** Data of tests and the dashboard's build, which nobody writes by hand. */
const EXEMPT = /(^|\/)(node_modules|dist|generated)\/|^test\/cases\//

const FILE_LINES = { ask: 250, most: 400 }
const FUNCTION_LINES = 70

export type Structure = { readonly errors: readonly Finding[]; readonly warnings: readonly Finding[] }

/** Checks every TypeScript file of the repository at `root` against the layers, the sizes and the words' homes. */
export function checkStructure(root: string): Structure {
  const files = FOLDERS.filter(folder => existsSync(join(root, folder))).flatMap(folder =>
    sourceFiles(root, folder),
  )
  const errors: Finding[] = []
  const warnings: Finding[] = []
  for (const file of files) {
    const source = readFileSync(join(root, file), 'utf8')
    const lines = source.split('\n').length - 1
    if (lines > FILE_LINES.most)
      errors.push({ file, line: lines, rule: `${lines} lines, at most ${FILE_LINES.most}` })
    else if (lines > FILE_LINES.ask)
      warnings.push({ file, line: lines, rule: `${lines} lines: is this one thing?` })
    errors.push(...violations(file, source))
  }
  return { errors, warnings }
}

function violations(file: string, source: string): Finding[] {
  const tokens = tokenize(source)
  const imports = importsOf(tokens).flatMap(({ specifier, line }) => {
    const rule = forbiddenImport(file, specifier)
    return rule === undefined ? [] : [{ line, rule }]
  })
  const long = sizes(file, source)
    .filter(({ lines }) => lines > FUNCTION_LINES)
    .map(({ name, line, lines }) => ({ line, rule: `${name} has ${lines} lines, at most ${FUNCTION_LINES}` }))
  return [...imports, ...misplacedWords(file, tokens), ...long]
    .toSorted((one, other) => one.line - other.line)
    .map(found => ({ file, ...found }))
}

/** Node cannot strip the types of JSX; the dashboard's components have their own limits in review. */
function sizes(file: string, source: string): ReturnType<typeof functionSizes> {
  return file.endsWith('.tsx') ? [] : functionSizes(source)
}

function sourceFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter(file => !EXEMPT.test(file))
    .sort()
}

if (import.meta.main) {
  const { errors, warnings } = checkStructure(resolve(process.argv[2] ?? join(import.meta.dirname, '..')))
  for (const { file, line, rule } of warnings) console.error(`${file}:${line}: (warning) ${rule}`)
  for (const { file, line, rule } of errors) console.error(`${file}:${line}: ${rule}`)
  process.exitCode = errors.length === 0 ? 0 : 1
}
