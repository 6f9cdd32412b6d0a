import type { Diagnostic } from '../diagnostic.ts'
import type { PolicyDocument } from '../read/document.ts'
import type { Named, Shape } from '../shape/check-shape.ts'
import { diagnosticOf } from '../shape/fault.ts'
import { KINDS, type Kind } from '../shape/schemas.ts'
import { FIXED_NAMES, RESERVED_PRINCIPALS } from './vocabulary.ts'

/** A name with the document that gives it. */
export type Declaration = Named & { readonly document: PolicyDocument }

/** Every name that can be referred to, by its target: `account`, `network`, `principal` … */
export type KnownNames = {
  of(target: string): ReadonlyMap<string, Declaration | undefined>
  /** A document could not be read: a name that is not here may still be given. */
  isUnsure(target: string): boolean
}

/** Services and people are principals alike. */
const ALSO: Readonly<Record<string, string>> = { service: 'principal', person: 'principal' }
const GIVEN_BY: Readonly<Record<string, Kind>> = {
  network: 'Networks',
  principal: 'Principals',
  person: 'Principals',
  account: 'Accounts',
  role: 'Access',
  basicAuthUser: 'Edge',
  list: 'Recipients',
  template: 'Templates',
}
const ONCE = ['PolicySet', 'Edge', 'Recipients', 'Retention']
const REQUIRED = ['PolicySet', 'Edge']

/** Gathers the names of all documents, and tells of names given twice. */
export function gatherNames(shapes: readonly Shape[]): {
  names: KnownNames
  diagnostics: readonly Diagnostic[]
} {
  const known = new Map<string, Map<string, Declaration | undefined>>()
  for (const [target, names] of FIXED_NAMES) known.set(target, new Map(names.map(name => [name, undefined])))
  const diagnostics: Diagnostic[] = []
  for (const { document, declared } of shapes) {
    for (const given of declared) {
      const declaration = { ...given, document }
      const also = ALSO[given.target]
      const twice = put(known, also ?? given.target, declaration)
      if (also !== undefined) put(known, given.target, declaration)
      if (twice !== undefined) diagnostics.push(givenTwice(declaration, twice))
      else if (also !== undefined && RESERVED_PRINCIPALS.has(given.name))
        diagnostics.push(reserved(declaration))
    }
  }
  const unsure = new Set(shapes.map(shape => shape.unsure))
  const isUnsure = (target: string) => {
    const kind = GIVEN_BY[target]
    return kind !== undefined && (unsure.has('*') || unsure.has(kind))
  }
  return { names: { of: target => known.get(target) ?? new Map(), isUnsure }, diagnostics }
}

/** Tells of kinds that are missing, and of second documents of kinds that exist once. */
export function checkKinds(shapes: readonly Shape[], fileCount: number): readonly Diagnostic[] {
  if (fileCount === 0) {
    return [
      missing(`there is no policy file (*.yaml) here`, 'start from the files that ./postern init writes'),
    ]
  }
  const diagnostics: Diagnostic[] = []
  for (const kind of KINDS) {
    const [first, ...more] = shapes.filter(shape => shape.document.kind === kind)
    const hidden = shapes.some(shape => shape.unsure === '*' || shape.misnamed === kind)
    if (first === undefined && REQUIRED.includes(kind) && !hidden) {
      diagnostics.push(missing(`there is no document of the kind ${kind}`, 'exactly one is needed'))
    }
    if (first === undefined || !ONCE.includes(kind)) continue
    for (const { document } of more) {
      const message = `a second document of the kind ${kind}`
      const hint = `the first is ${placeOf({ document: first.document, path: ['kind'] })}`
      diagnostics.push(
        diagnosticOf(document, { code: 'PS-1202', path: ['kind'], at: 'value', message, hint }),
      )
    }
  }
  return diagnostics
}

/** `accounts.yaml:6:3`, where a name is given. */
export function placeOf({ document, path }: Pick<Declaration, 'document' | 'path'>): string {
  const { start } = document.rangeOf(path, 'key')
  return `${document.file}:${start.line}:${start.column}`
}

function put(
  known: Map<string, Map<string, Declaration | undefined>>,
  target: string,
  declaration: Declaration,
): Declaration | undefined {
  const names = known.get(target) ?? new Map<string, Declaration | undefined>()
  known.set(target, names)
  const before = names.get(declaration.name)
  if (before === undefined) names.set(declaration.name, declaration)
  return before
}

function givenTwice({ document, path, name }: Declaration, first: Declaration): Diagnostic {
  const message = `the name "${name}" is already given`
  const hint = `the first is ${placeOf(first)}`
  return diagnosticOf(document, { code: 'PS-1203', path, at: 'key', message, hint })
}

function reserved({ document, path, name }: Declaration): Diagnostic {
  const message = `"${name}" is a reserved name`
  return diagnosticOf(document, { code: 'PS-2204', path, at: 'key', message })
}

function missing(message: string, hint: string): Diagnostic {
  return { severity: 'error', code: 'PS-1201', message, file: '.', hint }
}
