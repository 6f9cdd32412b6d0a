import { nearestName } from '../../lib/nearest.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord, isUnder, type Path } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { diagnosticOf, type Fault } from '../shape/fault.ts'
import { moments, outcomes } from '../shape/notation.ts'
import { RESERVED_IDS } from './vocabulary.ts'

type Names = {
  readonly rules: ReadonlySet<string>
  readonly limits: ReadonlySet<string>
  readonly unsure: boolean
}
type Part = { readonly path: Path; readonly value: Readonly<Record<string, unknown>> }

const RECIPIENT = /^(\+?\d+|(group|channel):.+|.+@.+)$/

/** Tells of tests that could not fail, and of tests that expect or use what nothing gives. */
export function checkTests(shapes: readonly Shape[]): readonly Diagnostic[] {
  const names = namesIn(shapes)
  return shapes
    .filter(({ document }) => document.kind === 'PolicyTest')
    .flatMap(shape =>
      [...expectFaults(shape, names), ...recipientFaults(shape), ...sequenceFaults(shape)]
        .filter(({ path }) => !shape.failed.some(failed => isUnder(path, failed)))
        .map(fault => diagnosticOf(shape.document, fault)),
    )
}

function namesIn(shapes: readonly Shape[]): Names {
  const specs = (kind: string) =>
    shapes
      .filter(({ document }) => document.kind === kind)
      .map(({ document }) => member(document.value, 'spec'))
  const rules = specs('Access').flatMap(spec => listIn(spec, 'rules'))
  const limits = specs('RateLimits').map(spec => member(spec, 'limits'))
  return {
    rules: new Set(rules.flatMap(({ value }) => (typeof value.id === 'string' ? [value.id] : []))),
    limits: new Set(limits.flatMap(map => (isRecord(map) ? Object.keys(map) : []))),
    unsure: shapes.some(({ unsure }) => unsure !== undefined),
  }
}

function expectFaults(shape: Shape, names: Names): readonly Fault[] {
  return partsIn(shape, 'cases').flatMap(({ path, value }): Fault[] => {
    const { expect } = value
    if (!isRecord(expect)) return []
    const at = [...path, 'expect']
    const found: Fault[] = []
    if (expect.by === undefined && expect.reason === undefined) {
      const message = `missing "by" or "reason" in the expectation of ${titleOf(value)}`
      found.push({
        code: 'PS-1104',
        path: at,
        at: 'key',
        message,
        effect: 'the test would pass for any reason',
      })
    }
    const rule = isRecord(expect.nearMiss) ? expect.nearMiss.rule : undefined
    return [
      ...found,
      ...unknownRule(expect.by, [...at, 'by'], names),
      ...unknownRule(rule, [...at, 'nearMiss', 'rule'], names),
    ]
  })
}

function unknownRule(by: unknown, path: Path, { rules, limits, unsure }: Names): readonly Fault[] {
  if (typeof by !== 'string' || unsure || rules.has(by) || RESERVED_IDS.has(by) || by.startsWith('role:'))
    return []
  if (limits.has(by.replace('limit:', '')) && by.startsWith('limit:')) return []
  const nearest = nearestName(by, [...rules, ...[...limits].map(name => `limit:${name}`), ...RESERVED_IDS])
  const hint = nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` }
  return [{ code: 'PS-2112', path, at: 'value', message: `no rule and no limit is called "${by}"`, ...hint }]
}

/** `to` is a name of this document, or says in itself what it is. */
function recipientFaults(shape: Shape): readonly Fault[] {
  const given = member(member(shape.document.value, 'spec'), 'given')
  const contacts = member(given, 'contacts')
  const known = isRecord(contacts) ? Object.keys(contacts) : []
  const places: (readonly [Path, unknown])[] = [
    [['spec', 'given', 'base', 'to'], member(member(given, 'base'), 'to')],
  ]
  for (const list of ['cases', 'sequences']) {
    for (const { path, value } of partsIn(shape, list)) {
      places.push([[...path, 'request', 'to'], member(value.request, 'to')])
      const several = member(value.matrix, 'to')
      const ones: readonly unknown[] = Array.isArray(several) ? several : []
      for (const [n, to] of ones.entries()) places.push([[...path, 'matrix', 'to', n], to])
    }
  }
  return places.flatMap(([path, to]): Fault[] => {
    if (typeof to !== 'string' || known.includes(to) || RECIPIENT.test(to)) return []
    const nearest = nearestName(to, known)
    const hint = nearest === undefined ? 'give it under spec.given.contacts' : `did you mean "${nearest}"?`
    return [{ code: 'PS-2111', path, at: 'value', message: `unknown contact "${to}"`, hint }]
  })
}

function sequenceFaults(shape: Shape): readonly Fault[] {
  return partsIn(shape, 'sequences').flatMap(({ path, value }): Fault[] => {
    const at = typeof value.at === 'string' ? moments.parse(value.at) : undefined
    const expected = typeof value.expect === 'string' ? outcomes.parse(value.expect) : undefined
    if (at === undefined || expected === undefined || at.length === expected.length) return []
    const message = `${titleOf(value)} makes ${at.length} requests and expects ${expected.length} outcomes`
    return [{ code: 'PS-1111', path: [...path, 'expect'], at: 'value', message }]
  })
}

function partsIn({ document }: Shape, list: string): readonly Part[] {
  return listIn(member(document.value, 'spec'), list).map(({ index, value }) => ({
    path: ['spec', list, index],
    value,
  }))
}

function listIn(
  holder: unknown,
  name: string,
): readonly { index: number; value: Readonly<Record<string, unknown>> }[] {
  const list = member(holder, name)
  if (!Array.isArray(list)) return []
  return list.flatMap((value: unknown, index) => (isRecord(value) ? [{ index, value }] : []))
}

function member(holder: unknown, name: string): unknown {
  return isRecord(holder) ? holder[name] : undefined
}

function titleOf({ name }: Readonly<Record<string, unknown>>): string {
  return typeof name === 'string' ? `the test "${name}"` : 'a test without a name'
}
