import { namesMatching } from '../../../lib/glob.ts'
import { ACTIONS } from '../../check/vocabulary.ts'
import type { PolicySnapshot, Rule } from '../../snapshot.ts'
import { unite } from '../change.ts'
import { type Field, names, note, scale, TIGHTENS, WIDENS } from '../field.ts'
import { coversNames, relate } from '../relation.ts'
import { type Compare, type Happened, type Rows, section } from '../section.ts'
import { againWhenTighter } from '../uses.ts'
import { listWords } from '../words.ts'
import { byScope, conditions } from './conditions.ts'

const ROLE = 'role:'

const ofActions: Field<Rule> = {
  ...names('actions', ({ actions }) => actions, WIDENS),
  key: rule => listWords(unfolded(rule)), // a glob and the actions that it stands for are the same
  judge: byScope((from, to) => relate(unfolded(from), unfolded(to), coversNames)),
}

const rows: Rows<Rule> = {
  id: [],
  effect: [scale('effect', ({ effect }) => effect, { ...TIGHTENS, words: ['allow', 'hold', 'deny'] })],
  principals: [
    {
      ...names('principals', ({ principals }) => principals, WIDENS),
      judge: byScope((from, to, sides) =>
        relate(existing(from.principals, sides.to.principals), to.principals, coversNames),
      ),
    },
  ],
  actions: [ofActions],
  accounts: [
    {
      ...names('accounts', ({ accounts }) => accounts, WIDENS),
      judge: byScope((from, to, sides) =>
        relate(from.accounts && existing(from.accounts, sides.to.accounts), to.accounts, coversNames),
      ),
    },
  ],
  when: Object.values(conditions),
  message: [note('message', ({ message }) => message)],
  place: [], // where a rule stands has no meaning
}

/** An allow rule that comes is WIDER, a deny or hold rule TIGHTER; what goes, the other way round. */
export const rules = section({
  kind: 'Access',
  noun: 'rule',
  all: rulesOfFiles,
  rows,
  added: ({ effect }) => [effect === 'allow' ? 'WIDER' : 'TIGHTER'],
  removed: ({ effect }) => [effect === 'allow' ? 'TIGHTER' : 'WIDER'],
  stateOf: messagesThatWait,
})

const roleRules = section({
  kind: 'Access',
  noun: 'role',
  all: rulesOfRoles,
  rows,
  added: () => [],
  removed: () => [],
})

/**
 * What the roles that people have let them do. Who has a role is said of the person, and what it brings to a rule of the
 * rule, so that only the actions are left.
 */
export const roles: Compare = sides =>
  roleRules(sides).flatMap(change => {
    const fields = change.fields.filter(({ path }) => path === 'actions')
    if (change.action !== 'change' || fields.length === 0) return []
    return [{ ...change, fields, classes: unite(fields.map(({ classes }) => classes)) }]
  })

function rulesOfFiles({ rules: all }: PolicySnapshot): ReadonlyMap<string, Rule> {
  return new Map(all.filter(({ id }) => !id.startsWith(ROLE)).map(rule => [rule.id, rule]))
}

function rulesOfRoles({ rules: all }: PolicySnapshot): ReadonlyMap<string, Rule> {
  return new Map(all.filter(({ id }) => id.startsWith(ROLE)).map(rule => [rule.id.slice(ROLE.length), rule]))
}

function unfolded({ actions }: Pick<Rule, 'actions'>): readonly string[] {
  return namesMatching(actions, ACTIONS)
}

/** Without names that are gone: a rule loses nothing with them. */
function existing(listed: readonly string[], declared: ReadonlyMap<string, unknown>): readonly string[] {
  return listed.filter(name => name === '*' || declared.has(name))
}

function messagesThatWait(happened: Happened<Rule>): readonly string[] {
  const held = happened.from?.effect === 'hold' && happened.classes.includes('WIDER')
  return [
    ...againWhenTighter(happened),
    ...(held ? ['What it holds already waits for a person all the same.'] : []),
  ]
}
