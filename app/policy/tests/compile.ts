import { present } from '../../lib/present.ts'
import type { Consent } from '../../model/consent.ts'
import type { DecisionRequest } from '../../model/decision.ts'
import { numberUnder } from '../compile/recipients.ts'
import { parsed } from '../compile/values.ts'
import { validPurposes } from '../decide/consent.ts'
import { isRecord, type Path, type PolicyDocument } from '../read/document.ts'
import { instant, moments, outcomes, serial } from '../shape/notation.ts'
import type { PolicySnapshot } from '../snapshot.ts'
import type { Place, PolicyTest, TestCase, TestRequest, TestSequence } from './policy-test.ts'

/** The members of a PolicyTest as its schema guarantees them. */
type Declared = {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly now: string
    readonly given?: { readonly contacts?: Readonly<Record<string, Contact>>; readonly base?: Request }
    readonly cases?: readonly Case[]
    readonly sequences?: readonly Sequence[]
  }
}

type Contact = {
  readonly phone: string
  readonly consent?: { readonly purpose: string; readonly granted_at?: string; readonly evidence?: string }
  readonly optedOut?: boolean
  readonly firstContact?: boolean
  readonly lastInboundAt?: string
}

type Request = {
  readonly [Word in Exclude<keyof DecisionRequest, 'at' | 'lastInboundAt'>]?: DecisionRequest[Word]
} & { readonly at?: string; readonly lastInboundAt?: string }

type Case = {
  readonly name: string
  readonly request?: Request
  readonly matrix?: Readonly<Record<string, readonly string[]>>
  readonly expect: TestCase['expect']
}

type Sequence = {
  readonly name: string
  readonly request?: Request
  readonly at: string
  readonly expect: string
}

/** What a policy says about numbers and consent. */
type Terms = Pick<PolicySnapshot, 'phoneRule' | 'consent'>

type Scene = {
  readonly terms: Terms
  readonly now: Date
  readonly contacts: Readonly<Record<string, Contact>>
  readonly base: Request
}

/** Compiles the PolicyTest documents. Call it only when they passed every check. */
export function compileTests(documents: readonly PolicyDocument[], terms: Terms): readonly PolicyTest[] {
  return documents.filter(({ kind }) => kind === 'PolicyTest').map(document => compileTest(document, terms))
}

function compileTest(document: PolicyDocument, terms: Terms): PolicyTest {
  const { metadata, spec } = document.value as Declared // the schema vouches for it
  const scene = {
    terms,
    now: parsed(instant, spec.now),
    contacts: spec.given?.contacts ?? {},
    base: spec.given?.base ?? {},
  }
  const placeOf = (path: Path): Place => ({
    file: document.file,
    line: document.rangeOf(path, 'key').start.line,
  })
  return {
    name: metadata.name,
    cases: (spec.cases ?? []).flatMap((one, n) => compileCase(one, scene, placeOf(['spec', 'cases', n]))),
    sequences: (spec.sequences ?? []).map((one, n) =>
      compileSequence(one, scene, placeOf(['spec', 'sequences', n])),
    ),
  }
}

function compileCase(one: Case, scene: Scene, place: Place): readonly TestCase[] {
  return combinations(one.matrix ?? {}).map(words => {
    const said = Object.values(words).join(', ')
    return {
      name: said === '' ? one.name : `${one.name} (${said})`,
      place,
      request: requestOf({ ...one.request, ...words }, scene),
      expect: one.expect,
    }
  })
}

function compileSequence(one: Sequence, scene: Scene, place: Place): TestSequence {
  const requests = parsed(moments, one.at).map(afterMs => {
    const at = new Date(scene.now.getTime() + afterMs)
    return requestOf({ ...one.request, at: at.toISOString() }, scene)
  })
  return { name: one.name, place, requests, expect: parsed(outcomes, one.expect) }
}

function combinations(
  matrix: Readonly<Record<string, readonly string[]>>,
): readonly Record<string, string>[] {
  const dimensions = Object.entries(matrix).filter(([word]) => !word.startsWith('x-'))
  return dimensions.reduce<readonly Record<string, string>[]>(
    (all, [word, values]) => all.flatMap(words => values.map(value => ({ ...words, [word]: value }))),
    [{}],
  )
}

function requestOf(own: Request, { terms, now, contacts, base }: Scene): TestRequest {
  const { at: said, lastInboundAt, to, credentialSerial, ...words } = { ...base, ...own }
  const at = said === undefined ? now : parsed(instant, said)
  const contact = to === undefined ? undefined : contacts[to]
  const wrote = lastInboundAt ?? contact?.lastInboundAt
  return {
    principal: 'anonymous',
    action: 'messages.send',
    ...withoutNotes(words),
    ...present({
      to: to === undefined ? undefined : chatNamed(contact?.phone ?? to, terms),
      credentialSerial: credentialSerial === undefined ? undefined : parsed(serial, credentialSerial),
      optedOut: contact?.optedOut,
    }),
    firstContact: words.firstContact ?? contact?.firstContact ?? false,
    lastInboundAt: wrote === undefined ? 'never' : parsed(instant, wrote),
    consents: validPurposes(consentsOf(contact), terms.consent, at),
    at,
  }
}

function consentsOf(contact: Contact | undefined): readonly Consent[] {
  const consent = contact?.consent
  if (consent === undefined) return []
  const { purpose, granted_at: granted, evidence } = consent
  const grantedAt = granted === undefined ? undefined : parsed(instant, granted)
  return [{ purpose, ...present({ evidence, grantedAt }) }]
}

/** `group:123` and `channel:123` stand for their JIDs, digits alone for a number as the policy reads it. */
export function chatNamed(to: string, { phoneRule }: Terms): string {
  if (/^\d+$/.test(to)) return numberUnder(to, phoneRule)
  const [, kind, id] = /^(group|channel):(.+)$/.exec(to) ?? []
  if (id === undefined) return to
  return kind === 'group' ? `${id}@g.us` : `${id}@newsletter`
}

function withoutNotes<T extends object>(words: T): T {
  const kept = Object.entries(words).filter(([word]) => !word.startsWith('x-'))
  return (isRecord(words) ? Object.fromEntries(kept) : words) as T
}
