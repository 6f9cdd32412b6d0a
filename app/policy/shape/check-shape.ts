import type { ErrorObject } from 'ajv/dist/2020.js'
import { nearestName } from '../../lib/nearest.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord, isUnder, type Path, type PolicyDocument, pathOf } from '../read/document.ts'
import { literalSecrets } from '../read/literal-secrets.ts'
import { explainError } from './explain-error.ts'
import { diagnosticOf, type Fault } from './fault.ts'
import { KINDS, LATER_KINDS, type Mentions, validatorOf } from './schemas.ts'

/** A name given or used, with its place in the document. */
export type Named = { readonly target: string; readonly name: string; readonly path: Path }

/** What a document's schema said of it. */
export type Shape = {
  readonly document: PolicyDocument
  readonly diagnostics: readonly Diagnostic[]
  readonly declared: readonly Named[]
  readonly referred: readonly Named[]
  /** Values that failed: nothing under them is worth another word. */
  readonly failed: readonly Path[]
  /** Nobody knows which names it would have given. */
  readonly unreadable: boolean
}

/** Judges one document by the schema of its kind, and collects the names it gives and uses. */
export function checkShape(document: PolicyDocument): Shape {
  const kind = kindOf(document)
  if (kind.fault !== undefined) {
    const diagnostics = document.broken ? [] : [diagnosticOf(document, kind.fault)]
    const unreadable = document.broken || kind.guess !== undefined || !isRecord(document.value)
    return { document, diagnostics, declared: [], referred: [], failed: [], unreadable }
  }
  const mentions: Mentions = { declared: [], referred: [] }
  const errors = run(document.value, kind.name, mentions)
  const secrets = literalSecrets(document.value)
  const faults = [
    ...secrets.map(secretFault),
    ...told(errors, document).filter(fault => !isAt(fault, secrets)),
  ]
  return {
    document,
    diagnostics: document.broken ? [] : faults.map(fault => diagnosticOf(document, fault)),
    declared: mentions.declared.map(named),
    referred: mentions.referred.map(named),
    failed: faults.map(fault => fault.path),
    unreadable: false,
  }
}

function run(value: unknown, kind: string, mentions: Mentions): readonly ErrorObject[] {
  const validate = validatorOf(kind)
  if (validate === undefined || validate.call(mentions, value)) return []
  return validate.errors ?? []
}

const kindsHint = `the kinds are ${KINDS.join(', ')}`

type KindOf =
  | { readonly name: string; readonly fault?: undefined }
  | { readonly fault: Fault; readonly guess?: string }

function kindOf({ value, kind }: PolicyDocument): KindOf {
  if (!isRecord(value)) {
    return {
      fault: {
        code: 'PS-1101',
        path: [],
        at: 'value',
        message: 'a document must be a map with kind and spec',
      },
    }
  }
  if (value.kind === undefined) {
    return {
      fault: { code: 'PS-1101', path: [], at: 'key', message: 'this document has no kind', hint: kindsHint },
    }
  }
  if (kind !== undefined && validatorOf(kind) !== undefined) return { name: kind }
  const given = kind ?? String(value.kind)
  const later = LATER_KINDS.includes(given)
  const guess = later ? undefined : nearestName(given, KINDS)
  const message = later
    ? `the kind ${given} is not supported by this version`
    : `unknown kind "${given}"; the kinds are ${KINDS.join(', ')}`
  const hint = guess === undefined ? (later ? kindsHint : undefined) : `did you mean ${guess}?`
  const code = later ? 'PS-1110' : 'PS-1102'
  const fault: Fault = { code, path: ['kind'], at: 'value', message, ...(hint !== undefined && { hint }) }
  return guess === undefined ? { fault } : { fault, guess }
}

/** One cause, one fault: of several errors at one place the most telling stays, and none under a value that failed as a whole. */
function told(errors: readonly ErrorObject[], document: PolicyDocument): readonly Fault[] {
  const faults = errors.flatMap(error => {
    const fault = explainError(error, document)
    return fault === undefined ? [] : [fault]
  })
  const best = new Map<string, Fault>()
  for (const fault of faults.toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0))) {
    const key = `${fault.path.join('/')} ${fault.missing ?? ''}`
    if (!best.has(key)) best.set(key, fault)
  }
  return [...best.values()]
}

/** A secret under an unknown key is told once, as a secret. */
function isAt(fault: Fault, secrets: readonly Path[]): boolean {
  return secrets.some(path => isUnder(path, fault.path) && path.length === fault.path.length)
}

function secretFault(path: Path): Fault {
  return {
    code: 'PS-4103',
    path,
    at: 'value',
    message: 'this looks like a secret; policies hold only references to secrets',
    hint: 'put it in a file NAME of the secrets folder, write secret:NAME here, and change the secret',
    concealed: true,
  }
}

function named({ target, name, at }: { target: string; name: string; at: string }): Named {
  return { target, name, path: pathOf(at) }
}
