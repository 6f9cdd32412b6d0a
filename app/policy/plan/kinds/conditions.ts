import type { Conditions, Rule } from '../../snapshot.ts'
import type { ChangeClass } from '../change.ts'
import { classesOf, type Field, type Sides, TIGHTENS, WIDENS } from '../field.ts'
import {
  BOTH,
  type Covers,
  coversAmount,
  coversCidrs,
  coversGlobs,
  coversHours,
  coversNames,
  coversRecipients,
  coversSize,
  hoursKey,
  type Relation,
  relate,
} from '../relation.ts'
import { cidrsOf } from '../uses.ts'
import {
  durationWords,
  hoursWords,
  listsSideBySide,
  listWords,
  recipientWords,
  shortListWords,
  sizeRangeWords,
} from '../words.ts'

/** How two rules of one id are compared in what they speak of. */
export type Scope = (from: Rule, to: Rule, sides: Sides) => Relation

/** A condition of every name that there is; where one is absent, it holds for every request. */
export const conditions: { readonly [Member in keyof Conditions]-?: Field<Rule> } = {
  messageTypes: { ...list('messageTypes', coversNames), judge: byScope(messageTypes) },
  templates: list('templates', coversGlobs),
  recipientKind: list('recipientKind', coversNames),
  recipients: {
    ...condition('recipients', recipientWords, coversRecipients),
    // What stands on a list is compared where the list is declared.
    key: ({ when: { recipients } }) =>
      recipients &&
      (recipients.list ?? [recipients.prefixes ?? [], recipients.numbers ?? []].map(listWords).join('; ')),
  },
  consent: condition('consent', String, same, 'when.recipients.consent'),
  networks: { ...list('networks', coversNames), judge: byScope(networks) },
  purpose: list('purpose', coversNames),
  firstContact: condition('firstContact', String, same),
  openedByContactWithinMs: condition(
    'openedByContactWithinMs',
    durationWords,
    coversAmount,
    'when.conversation.openedByContactWithin',
  ),
  size: condition('size', sizeRangeWords, coversSize),
  mime: list('mime', coversGlobs),
  hours: {
    ...condition('hours', hoursWords, coversHours),
    key: ({ when: { hours } }) => hours && hoursKey(hours),
  },
}

/**
 * A rule that allows and speaks of more is WIDER; one that denies or holds, TIGHTER. A rule that begins or ends to allow
 * says with its effect what all of it is.
 */
export function byScope(scope: Scope): Field<Rule>['judge'] {
  return (from, to, sides): readonly ChangeClass[] => {
    const [did, does] = [from.effect === 'allow', to.effect === 'allow']
    if (did !== does) return [does ? 'WIDER' : 'TIGHTER']
    return classesOf(scope(from, to, sides), does ? WIDENS : TIGHTENS)
  }
}

function condition<Member extends keyof Conditions>(
  member: Member,
  words: (value: NonNullable<Conditions[Member]>) => string | undefined,
  covers: Covers<NonNullable<Conditions[Member]>>,
  path = `when.${member}`,
): Field<Rule> {
  const read = ({ when }: Rule) => when[member] ?? undefined
  return {
    path,
    absent: 'any',
    text(rule) {
      const value = read(rule)
      return value === undefined ? undefined : words(value)
    },
    judge: byScope((from, to) => relate<NonNullable<Conditions[Member]>>(read(from), read(to), covers)),
  }
}

type ListMember = 'messageTypes' | 'templates' | 'recipientKind' | 'networks' | 'purpose' | 'mime'

function list(member: ListMember, covers: Covers<readonly string[]>): Field<Rule> {
  const read = ({ when }: Rule): readonly string[] | undefined => when[member]
  return {
    ...condition(member, shortListWords, covers),
    key(rule) {
      const value = read(rule)
      return value === undefined ? undefined : listWords(value)
    },
    together: (from, to) => listsSideBySide(read(from) ?? [], read(to) ?? []),
  }
}

function same<V>(one: V, other: V): boolean {
  return one === other
}

/**
 * A deny or hold rule on some messages only (templates, files) catches others as soon as its types name them, so that it
 * speaks of other messages when types are named for the first time.
 */
function messageTypes(from: Rule, to: Rule): Relation {
  const [before, after] = [from.when.messageTypes, to.when.messageTypes]
  const partial = [from, to].some(({ effect, when }) => effect !== 'allow' && isPartial(when))
  return partial && (before === undefined || after === undefined)
    ? BOTH
    : relate<readonly string[]>(before, after, coversNames)
}

/** Conditions that speak of some types of messages only. */
export function isPartial({ templates, size, mime }: Conditions): boolean {
  return templates !== undefined || size !== undefined || mime !== undefined
}

/** By the addresses that the names stand for; a network that is only renamed changes nothing here. */
function networks(from: Rule, to: Rule, sides: Sides): Relation {
  const [before, after] = [from.when.networks, to.when.networks]
  return relate(before && cidrsOf(sides.from, before), after && cidrsOf(sides.to, after), coversCidrs)
}
