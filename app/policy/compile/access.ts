import { namesMatching } from '../../lib/glob.ts'
import type { Conditions, Rule } from '../snapshot.ts'
import type { Declared, DeclaredRule } from './declared.ts'
import { present } from './values.ts'

/**
 * All rules in the order of their ids (which has no meaning): the declared ones, with roles, lists and globs of names
 * unfolded, and one `role:<name>` for each role that people have, which gives its actions on every account.
 */
export function compileRules(declared: Declared): readonly Rule[] {
  const rules = [...declared.rules.map(rule => compileRule(rule, declared)), ...roleRules(declared)]
  return rules.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function compileRule(rule: DeclaredRule, declared: Declared): Rule {
  const { id, effect, message } = rule
  const fromRoles = (rule.roles ?? []).flatMap(role => declared.roles[role] ?? [])
  const principals = unfold(rule.principals, [
    ...Object.keys(declared.services),
    ...Object.keys(declared.people),
  ])
  const accounts = rule.accounts && unfold(rule.accounts, Object.keys(declared.accounts))
  const actions = [...new Set([...(rule.actions ?? []), ...fromRoles])]
  return {
    id,
    effect,
    principals,
    actions,
    when: conditions(rule.when, declared),
    ...present({ accounts, message }),
  }
}

function conditions(when: DeclaredRule['when'] = {}, { lists }: Declared): Conditions {
  const { messageTypes, recipientKind, recipients, networks } = when
  const list = recipients?.list === undefined ? recipients : lists[recipients.list]
  const { numbers, prefixes } = list ?? {}
  return present({
    messageTypes,
    recipientKind,
    networks,
    recipients: list && present({ numbers, prefixes }),
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
function unfold(globs: readonly string[], names: readonly string[]): readonly string[] {
  return globs.includes('*') ? ['*'] : namesMatching(globs, names)
}
