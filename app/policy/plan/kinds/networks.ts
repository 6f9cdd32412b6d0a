import type { Network } from '../../snapshot.ts'
import { classesOf, names, note, WIDENS } from '../field.ts'
import { coversCidrs, relate } from '../relation.ts'
import { type Rows, section } from '../section.ts'
import { againWhenTighter, classesByUse, usesOfNetwork } from '../uses.ts'

const rows: Rows<Network> = {
  name: [],
  cidrs: [
    {
      ...names('cidrs', ({ cidrs }) => cidrs, WIDENS),
      judge(before, after, { from, to }) {
        const relation = relate(before.cidrs, after.cidrs, coversCidrs)
        const uses = [usesOfNetwork(from, before.name), usesOfNetwork(to, after.name)]
        const used = uses.some(({ opens, closes }) => opens || closes)
        return used ? classesByUse(relation, ...uses) : classesOf(relation, WIDENS)
      },
    },
  ],
  note: [note('note', ({ note: text }) => text)],
}

/**
 * More addresses are WIDER for what lets in by them and TIGHTER for the deny and hold rules that name them. A network that
 * comes or goes counts as far as something names it; one that is there already is WIDER even when nothing names it yet.
 */
export const networks = section({
  kind: 'Networks',
  noun: 'network',
  all: snapshot => snapshot.networks,
  rows,
  added: ({ name }, { to }) => classesByUse({ gains: true, losses: false }, usesOfNetwork(to, name)),
  removed: ({ name }, { from }) => classesByUse({ gains: false, losses: true }, usesOfNetwork(from, name)),
  stateOf: againWhenTighter,
})
