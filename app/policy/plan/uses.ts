import type { PolicySnapshot } from '../snapshot.ts'
import type { ChangeClass } from './change.ts'
import { classesOf, type Field, names, TIGHTENS, WIDENS } from './field.ts'
import { coversCidrs, type Relation, relate } from './relation.ts'

/** What happens to messages that wait when less is allowed than before. */
export const DECIDED_AGAIN =
  'Messages that wait are decided again when they leave: what is no longer allowed fails, or is held.'

/** Whether something lets in by a name, and whether something refuses by it. */
export type Uses = { readonly opens: boolean; readonly closes: boolean }

/** Principals and sites let in by a network, rules by their effect. */
export function usesOfNetwork(snapshot: PolicySnapshot, name: string): Uses {
  const named = [...snapshot.principals.values(), ...Object.values(snapshot.edge.sites)]
  const rules = snapshot.rules.filter(({ when }) => when.networks?.includes(name))
  return {
    opens:
      named.some(({ networks }) => networks.includes(name)) || rules.some(rule => rule.effect === 'allow'),
    closes: rules.some(rule => rule.effect !== 'allow'),
  }
}

/** Only rules name lists. */
export function usesOfList(snapshot: PolicySnapshot, name: string): Uses {
  const rules = snapshot.rules.filter(({ when }) => when.recipients?.list === name)
  return {
    opens: rules.some(rule => rule.effect === 'allow'),
    closes: rules.some(rule => rule.effect !== 'allow'),
  }
}

/** What something that is used by name means when it takes in more or less, as far as it is used. */
export function classesByUse(relation: Relation, ...uses: readonly Uses[]): readonly ChangeClass[] {
  return [
    ...(uses.some(({ opens }) => opens) ? classesOf(relation, WIDENS) : []),
    ...(uses.some(({ closes }) => closes) ? classesOf(relation, TIGHTENS) : []),
  ]
}

/** The ranges that names of networks stand for; undefined, which is any address, when there are none. */
export function cidrsOf(
  snapshot: PolicySnapshot,
  networks: readonly string[],
): readonly string[] | undefined {
  return networks.length === 0
    ? undefined
    : networks.flatMap(network => snapshot.networks.get(network)?.cidrs ?? [])
}

/** Networks from which something may be reached; where none are named, from anywhere. Judged by their addresses. */
export function placesFrom<T>(read: (object: T) => readonly string[]): Field<T> {
  return {
    ...names('networks', object => named(read(object)), WIDENS),
    judge(before, after, { from, to }) {
      const ranges = [cidrsOf(from, read(before)), cidrsOf(to, read(after))] as const
      return classesOf(relate(...ranges, coversCidrs), WIDENS)
    },
  }
}

/** For lists that mean anybody when they are empty. */
export function named(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list
}

/** The same, for what can only refuse messages when it is TIGHTER. */
export function againWhenTighter({
  classes,
}: {
  readonly classes: readonly ChangeClass[]
}): readonly string[] {
  return classes.includes('TIGHTER') ? [DECIDED_AGAIN] : []
}
