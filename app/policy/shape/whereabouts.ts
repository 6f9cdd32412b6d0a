import { isRecord, memberOf, type Path } from '../read/document.ts'

/** Objects that people know by a name: the members that lead to them, and what one is called. */
const KNOWN: readonly (readonly [place: string, word: string])[] = [
  ['Access/spec/rules', 'rule'],
  ['PolicySet/spec/guardrails', 'guardrail'],
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
  ['Templates/spec', 'template'],
  ['Hooks/spec', 'hook'],
  ['PolicyTest/spec/given/contacts', 'contact'],
]

/** Says in which object a place lies, and in which of its members: `when of rule "billing-sends"`, `spec.tls of Edge`. */
export function whereabouts(document: unknown, path: Path): string {
  const { object, depth } = objectOf(document, path)
  if (object === undefined) {
    const kind = kindOf(document)
    return path.length === 0 ? `the document ${kind}` : `${path.join('.')} of ${kind}`
  }
  const inside = path.slice(depth).filter(part => !/^\d+$/.test(String(part)))
  return inside.length === 0 ? object : `${inside.join('.')} of ${object}`
}

/** Says in which object a place lies: `rule "billing-sends"`. */
export function objectAt(document: unknown, path: Path): string {
  return objectOf(document, path).object ?? `the document ${kindOf(document)}`
}

function objectOf(document: unknown, path: Path): { readonly object?: string; readonly depth: number } {
  const place = [kindOf(document), ...path].join('/')
  const known = KNOWN.find(([start]) => place.startsWith(`${start}/`))
  if (known === undefined) return { depth: 0 }
  const [start, word] = known
  const depth = start.split('/').length
  const key = path[depth - 1]
  const listed = word === 'rule' || word === 'guardrail'
  const name = listed ? idOf(path.slice(0, depth).reduce(memberOf, document), key) : `"${key}"`
  return { object: `${word} ${name}`, depth }
}

function kindOf(document: unknown): string {
  return isRecord(document) ? String(document.kind) : ''
}

function idOf(item: unknown, index: string | number | undefined): string {
  return isRecord(item) && typeof item.id === 'string' ? `"${item.id}"` : `number ${Number(index) + 1}`
}
