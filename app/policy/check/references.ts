import { globMatches } from '../../lib/glob.ts'
import { nearestName } from '../../lib/nearest.ts'
import type { Code } from '../codes.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord, isUnder, memberOf, type Path, type PolicyDocument } from '../read/document.ts'
import type { Named, Shape } from '../shape/check-shape.ts'
import { diagnosticOf, type Fault } from '../shape/fault.ts'
import { objectAt, whereabouts } from '../shape/whereabouts.ts'
import { type KnownNames, placeOf } from './names.ts'

/** What the policy may know of the world outside its files. */
export type PolicyFacts = {
  /** `exposed`: it can be read, also by others on the machine. */
  secretState(ref: string): 'ok' | 'exposed' | 'missing' | 'unreadable'
  /** The day on which somebody reads the warnings: then what is right and most likely not meant is looked for as well. */
  readonly lintAt?: Date
  /** The signature file and the public keys that may have made it. `unchecked`: where nothing is put in force. */
  readonly signature?:
    | { readonly text: string | undefined; keysOf(ref: string): string | undefined }
    | 'unchecked'
}

const TARGETS: Readonly<
  Record<string, { readonly code: Code; readonly word: string; readonly label: string }>
> = {
  principal: { code: 'PS-2101', word: 'principal', label: 'no service and no person has this name' },
  role: { code: 'PS-2102', word: 'role', label: 'no role has this name' },
  network: { code: 'PS-2103', word: 'network', label: 'no network has this name' },
  action: { code: 'PS-2104', word: 'action', label: 'there is no such action' },
  eventType: { code: 'PS-2105', word: 'event type', label: 'there is no such event' },
  basicAuthUser: { code: 'PS-2106', word: 'basic-auth user', label: 'no user has this name' },
  account: { code: 'PS-2107', word: 'account', label: 'no account has this name' },
  list: { code: 'PS-2109', word: 'list', label: 'no list has this name' },
  template: { code: 'PS-2113', word: 'template', label: 'no template has this name' },
  messageType: { code: 'PS-2110', word: 'message type', label: 'there is no such type' },
}

/** Tells of every name that nothing gives, and of every secret that is not there. */
export function checkReferences(shape: Shape, names: KnownNames, facts: PolicyFacts): readonly Diagnostic[] {
  const { document, referred, failed } = shape
  return referred
    .filter(({ target, path }) => target !== 'number' && !failed.some(prefix => isUnder(path, prefix)))
    .flatMap(reference => {
      const fault =
        reference.target === 'secret'
          ? secretFault(reference, document, facts)
          : nameFault(reference, document, names)
      return fault === undefined ? [] : [diagnosticOf(document, fault)]
    })
}

function nameFault(
  { target, name, path }: Named,
  document: PolicyDocument,
  names: KnownNames,
): Fault | undefined {
  const globs = target.endsWith('*')
  const plain = target.replace(/\*$/, '')
  const known = names.of(plain)
  const found =
    globs && name.includes('*') ? [...known.keys()].some(given => globMatches(name, given)) : known.has(name)
  if (found || (globs && name === '*') || names.isUnsure(plain)) return undefined
  const about = TARGETS[plain] ?? { code: 'PS-2101' as const, word: plain, label: '' }
  const where = objectAt(document.value, path)
  const message = name.includes('*')
    ? `no ${about.word} matches "${name}" in ${where}`
    : `unknown ${about.word} "${name}" in ${where}`
  const effect = effectOf(document.value, path)
  return {
    code: about.code,
    path,
    at: 'value',
    message,
    label: about.label,
    ...hintFor(name, known),
    ...(effect !== undefined && { effect }),
  }
}

function hintFor(name: string, known: ReturnType<KnownNames['of']>): { hint?: string } {
  const nearest = nearestName(name, known.keys())
  if (nearest !== undefined) {
    const declaration = known.get(nearest)
    const place = declaration === undefined ? '' : ` (${placeOf(declaration)})`
    return { hint: `did you mean "${nearest}"?${place}` }
  }
  const all = [...known.keys()]
  return all.length === 0 || all.length > 8 ? {} : { hint: `there is ${all.join(', ')}` }
}

/** What a name that leads nowhere would do, if it were loaded. */
function effectOf(document: unknown, path: Path): string | undefined {
  const at = (...parts: Path): unknown => parts.reduce(memberOf, document)
  const place = [at('kind'), ...path].join('/')
  if (place.startsWith('Access/spec/rules/')) {
    const rule = at(...path.slice(0, 3))
    const effect = isRecord(rule) ? rule.effect : undefined
    const list = at(...path.slice(0, -1))
    const alone = !Array.isArray(list) || list.length === 1
    if (effect === 'deny')
      return alone ? 'this rule would deny nothing' : 'this rule would deny less than it says'
    if (effect === 'hold')
      return alone ? 'this rule would hold nothing' : 'this rule would hold less than it says'
    return alone ? 'this rule would allow nothing' : 'this rule would allow less than it says'
  }
  if (place.includes('/links/allowNetworks/')) return 'nothing could be fetched from there'
  if (place.includes('/allowNetworks/')) return 'the endpoint could not be reached there'
  if (place.startsWith('Webhooks/')) return 'the endpoint would not be told of it'
  if (place.startsWith('RateLimits/')) return 'the limit would not hold for it'
  if (place.includes('/networks/')) return 'nobody could come in from there'
  if (place.includes('/roles/')) return 'the role would give nothing'
  return place.includes('/basicAuth/') ? 'nobody could enter as this user' : undefined
}

function secretFault({ name, path }: Named, document: PolicyDocument, facts: PolicyFacts): Fault | undefined {
  const state = facts.secretState(name)
  if (state === 'ok' || (state === 'exposed' && isPublic(path))) return undefined
  const where = whereabouts(document.value, path)
  if (state === 'exposed') {
    const message = `${name} for ${where} can be read by every user of the machine`
    const hint = 'chmod o-rwx the file, or the folder that it lies in'
    return { code: 'PS-4104', path, at: 'value', message, hint, severity: 'warning' }
  }
  const effect = 'what needs it could not work'
  return state === 'missing'
    ? { code: 'PS-4101', path, at: 'value', message: `there is no ${name} for ${where}`, effect }
    : { code: 'PS-4102', path, at: 'value', message: `${name} for ${where} cannot be read`, effect }
}

const PUBLIC: ReadonlySet<unknown> = new Set(['ca', 'caRoot', 'certificate'])

/** Certificates and public keys are references like secrets, and are none. */
function isPublic(path: Path): boolean {
  return path.includes('signing') || PUBLIC.has(path.at(-1))
}
