import { dirname, join, normalize } from 'node:path'
import type { Token } from './tokens.ts'

/** An import of a source file, static or dynamic, of types or of values. */
export type Import = { readonly specifier: string; readonly line: number }

/** The layer of each file and folder of app/. A file imports from its own folder or from a lower layer. */
const LAYERS: Readonly<Record<string, number>> = {
  ...{ 'lib/': 0, 'model/': 0 },
  ...{ 'config/': 1, 'policy/': 1, 'templates/': 1 },
  ...{ 'store/': 2, 'egress/': 2 },
  ...{ 'identity/': 3, 'media/': 3, 'audit/': 3, 'reload/': 3 },
  ...{ 'whatsapp/': 4, 'outbox/': 4, 'deliveries/': 4, 'hooks/': 4, 'backup/': 4 },
  ...{ 'http/': 5, 'dashboard/': 5 },
  ...{ 'supervise/': 6, 'cli/': 6, 'cli.ts': 6, 'main.ts': 6, 'compile.ts': 6, 'start.ts': 6 },
}

/** The entries are all of one layer; these are the ways between them. */
const ENTRANCES = new Set([
  'main.ts start.ts',
  'compile.ts start.ts',
  'cli.ts cli/',
  'cli/ start.ts',
  'cli/ supervise/',
  'cli.ts supervise/',
])

/** Every module that a file names in an import, an export from, or an import(). */
export function importsOf(tokens: readonly Token[]): Import[] {
  const code = tokens.filter(token => token.kind !== 'comment')
  return code.flatMap((token, index) => {
    if (token.kind !== 'string') return []
    const [before, beforeThat] = [code[index - 1], code[index - 2]]
    const isNamed = before?.kind === 'word' && (before.text === 'from' || before.text === 'import')
    const isCalled = before?.text === '(' && beforeThat?.text === 'import'
    return isNamed || isCalled ? [{ specifier: token.text, line: token.line }] : []
  })
}

/** Why `file` (relative to the repository) must not import `specifier`, or undefined. */
export function forbiddenImport(file: string, specifier: string): string | undefined {
  if (!file.startsWith('app/') || !specifier.startsWith('.')) return undefined
  const target = normalize(join(dirname(file), specifier))
  if (!target.startsWith('app/')) {
    return /^(package\.json|policies\/)/.test(target)
      ? undefined
      : `app/ imports ${target}, which is not shipped with it`
  }
  const [from, to] = [unitOf(file), unitOf(target)]
  if (from === to || ENTRANCES.has(`${from} ${to}`)) return undefined
  if (from === 'dashboard/' || to === 'dashboard/')
    return 'dashboard/ is browser code: it shares no import with the rest of app/'
  const [mine, theirs] = [LAYERS[from], LAYERS[to]]
  if (mine === undefined) return `app/${from} has no layer (scripts/structure/layers.ts)`
  if (theirs === undefined) return `app/${to} has no layer (scripts/structure/layers.ts)`
  if (theirs < mine) return undefined
  return `${from} [${mine}] imports ${to} [${theirs}]: only its own folder and lower layers may be imported`
}

/** `app/http/routes/x.ts` → `http/`, `app/main.ts` → `main.ts`. */
function unitOf(file: string): string {
  const [, first = '', ...rest] = file.split('/')
  return rest.length === 0 ? first : `${first}/`
}
