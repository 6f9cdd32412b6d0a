import type { Diagnostic } from '../diagnostic.ts'
import { isRecord, isUnder, memberOf } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { type Entry, repeats, tell } from './entries.ts'
import { placeOf } from './names.ts'

/** Parts of the policy that hold times, and therefore something that could be shortened. */
const WITH_TIMES: ReadonlySet<string> = new Set([
  'accounts',
  'limits',
  'webhooks',
  'edge',
  'retention',
  'retention.messages',
  'retention.deliveries',
  'retention.audit',
])

/** Tells of guardrails with one id, and of those that could never block anything. */
export function checkGuardrails(shapes: readonly Shape[]): readonly Diagnostic[] {
  const all = shapes.flatMap(guardrailsIn)
  const ids = all.map(one => ({ ...one, path: [...one.path, 'id'], key: one.name }))
  return [
    ...repeats(ids, (guardrail, first) => ({
      code: 'PS-1203',
      message: `the guardrail "${guardrail.name}" is already given`,
      hint: `the first is ${placeOf({ document: first.shape.document, path: first.path })}`,
    })),
    ...all.flatMap(idle),
  ]
}

function guardrailsIn(shape: Shape): readonly Entry[] {
  const list = memberOf(memberOf(shape.document.value, 'spec'), 'guardrails')
  if (shape.document.kind !== 'PolicySet' || !Array.isArray(list)) return []
  return list.flatMap((value: unknown, index): Entry[] => {
    const path = ['spec', 'guardrails', index]
    const failed = shape.failed.some(place => isUnder(place, path) || isUnder(path, place))
    if (failed || !isRecord(value) || typeof value.id !== 'string') return []
    return [{ shape, path, name: value.id, value }]
  })
}

function idle(guardrail: Entry): readonly Diagnostic[] {
  const on = String(guardrail.value.on)
  const { deny } = guardrail.value
  const why =
    deny === 'newAllow' && on !== 'access'
      ? 'allow rules are part of access alone'
      : deny === 'shorten' && !WITH_TIMES.has(on)
        ? `${on} holds no times`
        : deny === 'remove' && on.startsWith('retention')
          ? 'retention holds times and no objects: deny shorten'
          : undefined
  if (why === undefined) return []
  return [
    tell(guardrail, {
      code: 'PS-1111',
      path: [...guardrail.path, 'deny'],
      at: 'value',
      message: `"${String(deny)}" does not go with "on: ${on}" in guardrail "${guardrail.name}"`,
      hint: why,
      effect: 'this guardrail would block nothing',
    }),
  ]
}
