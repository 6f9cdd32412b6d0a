import type { Diagnostic } from '../diagnostic.ts'
import { isRecord } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { type Entry, repeats, tell, warn } from './entries.ts'
import { placeOf } from './names.ts'
import { RESERVED_IDS } from './vocabulary.ts'

/** Tells of rule ids given twice or reserved, rules without actions, and allow rules for everybody. */
export function checkRules(shapes: readonly Shape[]): readonly Diagnostic[] {
  const all = rulesIn(shapes)
  const ids = all
    .filter(rule => typeof rule.value.id === 'string')
    .map(rule => ({ ...rule, path: [...rule.path, 'id'], key: rule.name }))
  return [
    ...repeats(ids, (rule, first) => ({
      code: 'PS-1203',
      message: `the rule id "${rule.name}" is already given`,
      hint: `the first is ${placeOf({ document: first.shape.document, path: first.path })}`,
    })),
    ...ids
      .filter(rule => RESERVED_IDS.has(rule.key))
      .map(rule =>
        tell(rule, {
          code: 'PS-2204',
          path: rule.path,
          at: 'value',
          message: `"${rule.key}" is a reserved word`,
        }),
      ),
    ...all.flatMap(ruleFaults),
  ]
}

/** Every rule that is a map, whatever else is wrong with it. */
export function rulesIn(shapes: readonly Shape[]): readonly Entry[] {
  return shapes.flatMap(shape => {
    const spec = isRecord(shape.document.value) ? shape.document.value.spec : undefined
    const list = isRecord(spec) && Array.isArray(spec.rules) ? (spec.rules as readonly unknown[]) : []
    if (shape.document.kind !== 'Access') return []
    return list.flatMap((value, index): Entry[] => {
      const path = ['spec', 'rules', index]
      return isRecord(value) ? [{ shape, path, name: String(value.id), value }] : []
    })
  })
}

function ruleFaults(rule: Entry): readonly Diagnostic[] {
  const { value, path, name } = rule
  const found: Diagnostic[] = []
  if (value.actions === undefined && value.roles === undefined) {
    const message = `missing "actions" or "roles" in rule "${name}"`
    found.push(
      tell(rule, { code: 'PS-1104', path, at: 'key', message, effect: 'this rule would never match' }),
    )
  }
  const recipients = isRecord(value.when) ? value.when.recipients : undefined
  if (isRecord(recipients) && recipients.list !== undefined) {
    const other = ['prefixes', 'numbers'].find(member => recipients[member] !== undefined)
    if (other !== undefined) {
      const at = [...path, 'when', 'recipients', other]
      const message = `"list" and "${other}" do not go together in rule "${name}"`
      found.push(tell(rule, { code: 'PS-1111', path: at, at: 'key', message, hint: 'put them in one list' }))
    }
  }
  if (isRecord(recipients) && recipients.consent === 'required' && !hasPurpose(value.when)) {
    const at = [...path, 'when', 'recipients', 'consent']
    const message = `rule "${name}" asks for consent and for no purpose: one to anything will do`
    found.push(warn(rule, { code: 'PS-3108', path: at, at: 'key', message, hint: 'add when.purpose' }))
  }
  const { principals: who } = value
  if (value.effect === 'allow' && Array.isArray(who) && who.includes('*')) {
    const at = [...path, 'principals', who.indexOf('*')]
    const message = `rule "${name}" allows something to every principal, also to those added later`
    const hint = 'name the principals that are meant'
    found.push(warn(rule, { code: 'PS-3101', path: at, at: 'value', message, hint }))
  }
  return found
}

function hasPurpose(when: unknown): boolean {
  return isRecord(when) && when.purpose !== undefined
}
