import type { Keywords } from '../../../model/opt-out.ts'
import type { PhoneRule } from '../../../model/phone.ts'
import type { ConsentTerms, OptOut, RecipientCondition } from '../../snapshot.ts'
import { door, type Field, names, note, TIGHTENS, time, WIDENS } from '../field.ts'
import { coversRecipients, relate } from '../relation.ts'
import { once, type Rows, section } from '../section.ts'
import { againWhenTighter, classesByUse, usesOfList } from '../uses.ts'

type Listed = RecipientCondition & { readonly name: string }

const rows: Rows<Listed> = {
  name: [],
  list: [],
  numbers: [part('numbers', ({ numbers }) => numbers)],
  prefixes: [part('prefixes', ({ prefixes }) => prefixes)],
}

/** A list means what the rules that name it make of it; one that none names means nothing yet. */
export const lists = section<Listed>({
  kind: 'Recipients',
  noun: 'list',
  all: snapshot => new Map([...snapshot.lists].map(([name, list]) => [name, { name, ...list }])),
  rows,
  added: () => ['NEUTRAL'],
  removed: () => ['NEUTRAL'],
  stateOf: againWhenTighter,
})

export const phoneRule = once<PhoneRule>({
  kind: 'Recipients',
  noun: 'normalise',
  read: snapshot => snapshot.phoneRule,
  rows: {
    reject: [names('normalise.reject', ({ reject }) => reject, { ...TIGHTENS, absent: 'nothing' })],
    region: [door('normalise.defaultRegion', ({ region }) => region)],
  },
})

/** What makes fewer consents count refuses more. */
export const consent = once<ConsentTerms>({
  kind: 'Recipients',
  noun: 'consent',
  read: snapshot => snapshot.consent,
  rows: {
    requiredFields: [
      names('consent.requiredFields', ({ requiredFields }) => requiredFields, {
        ...TIGHTENS,
        absent: 'none',
      }),
    ],
    purposes: [names('consent.purposes', ({ purposes }) => purposes, WIDENS)],
    maxAgeMs: [time('consent.maxAge', ({ maxAgeMs }) => maxAgeMs, WIDENS)],
  },
  stateOf: ({ classes }) =>
    classes.includes('TIGHTER') ? ['Messages that wait are judged again when they leave.'] : [],
})

/** More words that opt out refuse more; who has opted out stays so, whatever the policy becomes. */
export const optOut = once<Partial<OptOut>>({
  kind: 'Recipients',
  noun: 'optOut',
  read: snapshot => snapshot.optOut ?? {},
  rows: {
    keywords: [names('optOut.keywords', said => words(said.keywords), { ...TIGHTENS, absent: 'none' })],
    confirmWith: [note('optOut.confirmWith', ({ confirmWith }) => confirmWith)],
    liftBy: [whileThereAreWords(door('optOut.liftBy', ({ liftBy }) => liftBy))],
    backKeywords: [
      whileThereAreWords(
        names('optOut.backKeywords', said => words(said.backKeywords), { ...WIDENS, absent: 'none' }),
      ),
    ],
    exceptPurposes: [
      whileThereAreWords(
        names('optOut.exceptPurposes', ({ exceptPurposes = [] }) => exceptPurposes, {
          ...WIDENS,
          absent: 'none',
        }),
      ),
    ],
  },
  stateOf: () => ['Who has opted out stays so until it is lifted.'],
})

/** Where opting out by word comes or goes, the words say all. */
function whileThereAreWords(field: Field<Partial<OptOut>>): Field<Partial<OptOut>> {
  const hasWords = ({ keywords }: Partial<OptOut>) => keywords !== undefined
  return {
    ...field,
    judge: (from, to, sides) => (hasWords(from) && hasWords(to) ? field.judge(from, to, sides) : ['NEUTRAL']),
  }
}

function words(keywords: Keywords = {}): readonly string[] {
  return Object.values(keywords).flat()
}

/** The list is judged as a whole: a number may go over to a prefix that covers it. */
function part(path: string, read: (list: Listed) => readonly string[] | undefined): Field<Listed> {
  return {
    ...names(path, read, { ...WIDENS, absent: 'none' }),
    judge(before, after, { from, to }) {
      const relation = relate<RecipientCondition>(before, after, coversRecipients)
      return classesByUse(relation, usesOfList(from, before.name), usesOfList(to, after.name))
    },
  }
}
