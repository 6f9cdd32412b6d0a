import type { ErrorObject } from 'ajv/dist/2020.js'
import { nearestName } from '../../lib/nearest.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord, isUnder, type Path, type PolicyDocument, pathOf } from '../read/document.ts'
import { literalSecrets } from '../read/literal-secrets.ts'
import { explainError } from './explain-error.ts'
import { diagnosticOf, type Fault } from './fault.ts'
import { isKind, KINDS, type Kind, type Mentions, validatorOf } from './schemas.ts'

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
  /** Which names it would have given nobody knows: those of its kind, or any (`*`). */
  readonly unsure?: Kind | '*'
  /** The kind that it most likely is. */
  readonly misnamed?: Kind
}

/** Judges one document by the schema of its kind, and collects the names it gives and uses. */
export function checkShape(document: PolicyDocument): Shape {
  const kind = kindOf(document)
  const mentions: Mentions = { declared: [], referred: [] }
  const errors = kind.name === undefined ? [] : run(document.value, kind.name, mentions)
  const declared = mentions.declared.map(named)
  if (document.broken) {
    return { document, diagnostics: [], declared, referred: [], failed: [], unsure: kind.name ?? '*' }
  }
  if (kind.fault !== undefined) {
    return {
      document,
      diagnostics: [diagnosticOf(document, kind.fault)],
      declared,
      referred: [],
      failed: [],
      ...(kind.mayGive && { unsure: '*' }),
      ...(kind.name !== undefined && { misnamed: kind.name }),
    }
  }
  const secrets = literalSecrets(document.value)
  const faults = [
    ...secrets.map(secretFault),
    ...told(errors, document).filter(fault => !isAt(fault, secrets)),
  ]
  return {
    document,
    diagnostics: faults.map(fault => diagnosticOf(document, fault)),
    declared,
    referred: mentions.referred.map(named),
    failed: faults.filter(fault => fault.missing === undefined).map(fault => fault.path),
  }
}

/** Of one document; nobody mends more before the next look, and each costs a search for its place. */
const MAX_ERRORS = 100

function run(value: unknown, kind: string, mentions: Mentions): readonly ErrorObject[] {
  const validate = validatorOf(kind)
  if (validate === undefined || validate.call(mentions, value)) return []
  return (validate.errors ?? []).slice(0, MAX_ERRORS)
}

const kindsHint = `the kinds are ${KINDS.join(', ')}`

/** `name` beside a fault is a guess, good enough to know which names the document gives. */
type KindOf = {
  readonly name?: Kind
  readonly fault?: Fault
  /** It may give names that others refer to. */
  readonly mayGive?: true
}

function kindOf({ value, kind }: PolicyDocument): KindOf {
  if (!isRecord(value)) {
    const message = 'a document must be a map with kind and spec'
    return { fault: { code: 'PS-1101', path: [], at: 'value', message } }
  }
  if (value.kind === undefined) {
    const message = 'this document has no kind'
    return { fault: { code: 'PS-1101', path: [], at: 'key', message, hint: kindsHint }, mayGive: true }
  }
  if (kind !== undefined && isKind(kind)) return { name: kind }
  const given = kind ?? String(value.kind)
  const place = { path: ['kind'], at: 'value' } as const
  const message = `unknown kind "${given}"; ${kindsHint}`
  const guess = KINDS.find(known => known === nearestName(given, KINDS))
  if (guess === undefined) return { fault: { code: 'PS-1102', ...place, message }, mayGive: true }
  return { name: guess, fault: { code: 'PS-1102', ...place, message, hint: `did you mean ${guess}?` } }
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
  const all = [...best.values()]
  return all.filter(fault => !all.some(other => isMisspelt(fault, other)))
}

/** A member is missing because it stands there under a wrong name: that one is told. */
function isMisspelt({ missing, path }: Fault, { code, path: key, meant }: Fault): boolean {
  return (
    code === 'PS-1103' &&
    missing !== undefined &&
    meant === missing &&
    isUnder(key, path) &&
    key.length === path.length + 1
  )
}

/** A secret under an unknown key is told once, as a secret. */
function isAt({ path, missing }: Fault, secrets: readonly Path[]): boolean {
  return secrets.some(
    secret => missing === undefined && isUnder(secret, path) && secret.length === path.length,
  )
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
