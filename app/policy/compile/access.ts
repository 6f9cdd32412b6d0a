import { namesFinder } from '../../lib/glob.ts'
import { present } from '../../lib/present.ts'
import { duration, hours, size } from '../shape/notation.ts'
import type { Conditions, RecipientCondition, Rule } from '../snapshot.ts'
import type { Declared, DeclaredRule } from './declared.ts'
import { compileNumbers } from './recipients.ts'
import { parsed } from './values.ts'

/**
 * All rules in the order of their ids (which has no meaning): the declared ones, with roles, lists and globs of names
 * unfolded, and one `role:<name>` for each role that people have, which gives its actions on every account.
 */
export function compileRules(declared: Declared): readonly Rule[] {
  const find: Finders = {
    principals: namesFinder([...Object.keys(declared.services), ...Object.keys(declared.people)]),
    accounts: namesFinder(Object.keys(declared.accounts)),
  }
  const rules = [...declared.rules.map(rule => compileRule(rule, declared, find)), ...roleRules(declared)]
  return rules.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Whom globs describe, and which accounts. */
type Finders = Readonly<Record<'principals' | 'accounts', (globs: readonly string[]) => readonly string[]>>

function compileRule(rule: DeclaredRule, declared: Declared, find: Finders): Rule {
  const { id, effect, message, place } = rule
  const fromRoles = (rule.roles ?? []).flatMap(role => declared.roles[role] ?? [])
  const principals = unfold(rule.principals, find.principals)
  const accounts = rule.accounts && unfold(rule.accounts, find.accounts)
  const actions = [...new Set([...(rule.actions ?? []), ...fromRoles])]
  return {
    id,
    effect,
    principals,
    actions,
    when: conditions(rule.when, declared),
    place,
    ...present({ accounts, message }),
  }
}

function conditions(when: DeclaredRule['when'] = {}, declared: Declared): Conditions {
  const { messageTypes, templates, recipientKind, recipients, networks, purpose, firstContact, mime } = when
  const within = when.conversation?.openedByContactWithin
  return present({
    messageTypes,
    templates,
    recipientKind,
    networks,
    purpose,
    firstContact,
    mime,
    recipients: recipientCondition(recipients, declared),
    consent: recipients?.consent,
    openedByContactWithinMs: within === undefined ? undefined : parsed(duration, within),
    size: when.size && sizes(when.size),
    hours: when.hours && { tz: when.hours.tz, spans: parsed(hours, when.hours.allow) },
  })
}

function recipientCondition(
  recipients: NonNullable<DeclaredRule['when']>['recipients'],
  declared: Declared,
): RecipientCondition | undefined {
  const list = recipients?.list
  const numbers = compileNumbers((list === undefined ? recipients : declared.lists[list]) ?? {}, declared)
  const condition = { ...present({ list }), ...numbers }
  return Object.keys(condition).length === 0 ? undefined : condition
}

function sizes({ min, max }: { readonly min?: string; readonly max?: string }): Conditions['size'] {
  return present({
    minBytes: min === undefined ? undefined : parsed(size, min),
    maxBytes: max === undefined ? undefined : parsed(size, max),
  })
}

function roleRules({ roles, people }: Declared): readonly Rule[] {
  return Object.entries(roles).flatMap(([role, actions]): Rule[] => {
    const principals = Object.keys(people).filter(name => people[name]?.roles?.includes(role))
    return principals.length === 0
      ? []
      : [{ id: `role:${role}`, effect: 'allow', principals, actions, when: {} }]
  })
}

/** `*` alone stays: it also means what no file names. Any other glob becomes the names that it describes now. */
function unfold(globs: readonly string[], find: Finders['accounts']): readonly string[] {
  return globs.includes('*') ? ['*'] : find(globs)
}
