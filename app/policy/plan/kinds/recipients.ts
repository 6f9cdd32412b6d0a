import type { PolicySnapshot, RecipientCondition } from '../../snapshot.ts'
import { type Field, names, scale, WIDENS } from '../field.ts'
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

export const phoneRule = once<Pick<PolicySnapshot, 'phoneRule'>>({
  kind: 'Recipients',
  noun: 'normalise',
  read: ({ phoneRule: rule }) => ({ phoneRule: rule }),
  rows: {
    phoneRule: [
      scale('normalise.reject', ({ phoneRule: rule }) => (rule === 'valid' ? 'invalid' : 'nothing'), {
        ...WIDENS,
        words: ['invalid', 'nothing'],
      }),
    ],
  },
})

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
