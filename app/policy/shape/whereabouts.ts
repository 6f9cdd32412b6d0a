import { isRecord, memberOf, type Path } from '../read/document.ts'

/** Objects that people know by a name: the members that lead to them, and what one is called. */
const KNOWN: readonly (readonly [place: string, word: string])[] = [
  ['Access/spec/rules', 'rule'],
  ['Access/spec/roles', 'role'],
  ['Edge/spec/sites', 'site'],
  ['Edge/spec/basicAuthUsers', 'basic-auth user'],
  ['Networks/spec', 'network'],
  ['Principals/spec/services', 'service'],
  ['Principals/spec/people', 'person'],
  ['Accounts/spec', 'account'],
  ['Recipients/spec/lists', 'list'],
  ['RateLimits/spec/limits', 'limit'],
  ['Webhooks/spec/endpoints', 'endpoint'],
]

/** Says in which object a place lies: `rule "billing-sends"`, `spec of Edge`. */
export function whereabouts(document: unknown, path: Path): string {
  const kind = isRecord(document) ? String(document.kind) : ''
  const place = [kind, ...path].join('/')
  const known = KNOWN.find(([start]) => place.startsWith(`${start}/`))
  if (known === undefined) return path.length === 0 ? `the document ${kind}` : `${path.join('.')} of ${kind}`
  const [start, word] = known
  const depth = start.split('/').length - 1
  const key = path[depth]
  const object = path.slice(0, depth + 1).reduce<unknown>(memberOf, document)
  const name = word === 'rule' ? idOf(object, key) : `"${key}"`
  const inside = path.slice(depth + 1).filter(part => !/^\d+$/.test(String(part)))
  return inside.length === 0 ? `${word} ${name}` : `${inside.join('.')} of ${word} ${name}`
}

function idOf(rule: unknown, index: string | number | undefined): string {
  return isRecord(rule) && typeof rule.id === 'string' ? `"${rule.id}"` : `number ${Number(index) + 1}`
}
