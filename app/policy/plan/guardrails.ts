import type { Kind } from '../shape/schemas.ts'
import type { Guardrail, PolicySnapshot } from '../snapshot.ts'
import type { Change, ChangeClass } from './change.ts'
import type { Sides } from './field.ts'

/** A change that a guardrail forbids. */
export type Blocked = { readonly guardrail: Guardrail; readonly change: Change; readonly reason: string }

/** The word under which `on` names each kind. */
const TOPICS: Readonly<Record<Kind, string>> = {
  PolicySet: 'policyset',
  Edge: 'edge',
  Networks: 'networks',
  Principals: 'principals',
  Accounts: 'accounts',
  Access: 'access',
  Recipients: 'recipients',
  RateLimits: 'limits',
  Templates: 'templates',
  Webhooks: 'webhooks',
  Hooks: 'hooks',
  Retention: 'retention',
  PolicyTest: 'tests',
}

/** A change as a whole when it adds or deletes, else each of its members. */
type Part = {
  readonly topic: string
  readonly classes: readonly ChangeClass[]
  readonly shorter: boolean
  readonly path?: string
}

/**
 * What the guardrails of before and of after forbid. Those of before count although the plan lifts them, so that no plan
 * takes away a guardrail and does at once what it forbade.
 */
export function blockedBy(
  sides: Sides,
  changes: readonly Change[],
  tags: readonly string[],
): readonly Blocked[] {
  const all = [...guardrailsOf(sides.from), ...guardrailsOf(sides.to)]
  const distinct = [...new Map(all.map(guardrail => [JSON.stringify(guardrail), guardrail])).values()]
  return distinct
    .filter(({ unlessTag }) => unlessTag === undefined || !tags.includes(unlessTag))
    .flatMap(guardrail =>
      changes.flatMap((change): Blocked[] => {
        const reason = offence(guardrail, change)
        return reason === undefined ? [] : [{ guardrail, change, reason }]
      }),
    )
}

function guardrailsOf({ guardrails }: PolicySnapshot): Iterable<Guardrail> {
  return guardrails.values()
}

function offence(guardrail: Guardrail, change: Change): string | undefined {
  const parts = partsOf(change).filter(({ topic }) => isWithin(topic, guardrail.on))
  if (parts.length === 0) return undefined
  switch (guardrail.deny) {
    case 'widen':
      return told(
        'is WIDER',
        parts.filter(({ classes }) => classes.includes('WIDER')),
      )
    case 'shorten':
      return told(
        'is shorter',
        parts.filter(({ shorter }) => shorter),
      )
    case 'newAllow':
      return beginsToAllow(change) ? 'begins to allow' : undefined
    case 'remove':
      return change.action === 'delete' ? 'is deleted' : undefined
  }
}

function told(what: string, parts: readonly Part[]): string | undefined {
  if (parts.length === 0) return undefined
  const paths = parts.flatMap(({ path }) => path ?? [])
  return paths.length === 0 ? what : `${paths.join(', ')} ${what}`
}

function partsOf({ kind, action, classes, fields }: Change): readonly Part[] {
  const topic = TOPICS[kind]
  if (action !== 'change') return [{ topic, classes, shorter: false }]
  return fields.map(({ path, shorter, classes: own }) => ({
    topic: `${topic}.${path}`,
    classes: own,
    shorter: shorter === true,
    path,
  }))
}

function isWithin(topic: string, on: string): boolean {
  return topic === on || topic.startsWith(`${on}.`)
}

function beginsToAllow({ kind, action, fields }: Change): boolean {
  return (
    kind === 'Access' &&
    action !== 'delete' &&
    fields.some(({ path, to }) => path === 'effect' && to === 'allow')
  )
}
