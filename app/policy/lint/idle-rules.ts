import { type Entry, warn } from '../check/entries.ts'
import { placeOf } from '../check/names.ts'
import { rulesIn } from '../check/rules.ts'
import type { Diagnostic } from '../diagnostic.ts'
import type { Rule } from '../snapshot.ts'
import type { Linted } from './lint.ts'
import { type Never, neverMatches } from './never-matches.ts'
import { shadowsOf } from './shadows.ts'

type Entries = ReadonlyMap<string, Entry>

const DOES = { allow: 'allows', deny: 'denies', hold: 'holds' } as const

/**
 * Rules by their ids without which every request would be decided as it is, and what is told of each: one that can never
 * match, or one that another covers.
 */
export function idleRules({
  shapes,
  snapshot,
}: Pick<Linted, 'shapes' | 'snapshot'>): ReadonlyMap<string, Diagnostic> {
  const entries: Entries = new Map(rulesIn(shapes).map(entry => [entry.name, entry] as const))
  const inFiles = [...entries.keys()] // by their order, of two rules of which either would do, the first stays
  const shadows = shadowsOf(snapshot, inFiles)
  const found = new Map<string, Diagnostic>()
  for (const rule of snapshot.rules) {
    const entry = entries.get(rule.id)
    if (entry === undefined) continue
    const [never, shadow] = [neverMatches(rule, snapshot), shadows.get(rule.id)]
    if (never !== undefined) found.set(rule.id, unmet(entry, never))
    else if (shadow !== undefined) found.set(rule.id, shadowed(entry, { rule, shadow }, entries))
  }
  return found
}

function unmet(entry: Entry, { member, why, hint }: Never): Diagnostic {
  const message = `rule "${entry.name}" can never match: ${why}`
  return warn(entry, { code: 'PS-3109', path: [...entry.path, 'when', member], at: 'key', message, hint })
}

function shadowed(
  entry: Entry,
  { rule, shadow }: { readonly rule: Rule; readonly shadow: Rule },
  entries: Entries,
): Diagnostic {
  const other = entries.get(shadow.id)
  const name = other === undefined ? `the role "${shadow.id.replace('role:', '')}"` : `"${shadow.id}"`
  const place = other && ` (${placeOf({ document: other.shape.document, path: other.path })})`
  const already = shadow.effect === rule.effect ? 'already ' : ''
  const does = `${already}${DOES[shadow.effect]} all that it ${DOES[rule.effect]}`
  return warn(entry, {
    code: 'PS-3110',
    path: [...entry.path, 'id'],
    at: 'value',
    message: `rule "${rule.id}" changes nothing: ${name} ${does}`,
    hint: `remove it, or narrow ${name}${place ?? ''}`,
  })
}
