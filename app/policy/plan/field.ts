import type { PolicySnapshot } from '../snapshot.ts'
import { type ChangeClass, type FieldChange, unite } from './change.ts'
import { type Covers, coversAmount, coversNames, type Relation, relate } from './relation.ts'
import { durationWords, listsSideBySide, listWords, shortListWords } from './words.ts'

/** The policy of before and the one of after. */
export type Sides = { readonly from: PolicySnapshot; readonly to: PolicySnapshot }

/** One member of an object, as it is compared. */
export type Field<T> = {
  readonly path: string
  /** As people read it; undefined where nothing is said. */
  text(object: T): string | undefined
  /** What it means that nothing is said. */
  readonly absent: string
  /** What makes two values the same; their text when left out. */
  key?(object: T): string | undefined
  /** For values that say little when they stand alone. */
  together?(from: T, to: T): { readonly from: string; readonly to: string }
  /** Only asked about values that differ. */
  judge(from: T, to: T, sides: Sides): readonly ChangeClass[]
  shorter?(from: T, to: T): boolean
  /** What happens to what the appliance remembers, when this member changes. */
  readonly state?: string
}

/** What it means that a value takes in more than before, and less. */
export type Ways = { readonly more: ChangeClass; readonly less: ChangeClass }

/** More of it lets somebody do, reach, learn or keep more. */
export const WIDENS: Ways = { more: 'WIDER', less: 'TIGHTER' }
/** More of it refuses more. */
export const TIGHTENS: Ways = { more: 'TIGHTER', less: 'WIDER' }
export const NOTES: Ways = { more: 'NEUTRAL', less: 'NEUTRAL' }

type Read<T, V> = (object: T) => V | undefined
type Said<T> = Partial<Pick<Field<T>, 'absent' | 'state'>>

/** The classes of a value that took something in, lost something, or both. */
export function classesOf({ gains, losses }: Relation, { more, less }: Ways): readonly ChangeClass[] {
  return [...(gains ? [more] : []), ...(losses ? [less] : [])]
}

/** A member that has no effect on who may do what. */
export function note<T>(path: string, read: Read<T, string>, said: Said<T> = {}): Field<T> {
  return { path, text: read, absent: 'none', judge: () => ['NEUTRAL'], ...said }
}

/** A member of which another value opens to some and closes to others; where it is absent, nobody is let in by it. */
export function door<T>(path: string, read: Read<T, string>, said: Said<T> = {}): Field<T> {
  const opens = (object: T) => read(object) !== undefined
  return {
    path,
    text: read,
    absent: 'none',
    judge: (from, to) => classesOf({ gains: opens(to), losses: opens(from) }, WIDENS),
    ...said,
  }
}

/** One of a few words, which stand from the least to the most. */
export function scale<T>(path: string, read: Read<T, string>, { words, ...ways }: Ways & Scale): Field<T> {
  const rank = (object: T) => words.indexOf(read(object) ?? '')
  return {
    path,
    text: read,
    absent: 'none',
    judge: (from, to) => [rank(to) > rank(from) ? ways.more : ways.less],
  }
}

type Scale = { readonly words: readonly string[] }

/** Names of which the order has no meaning; where nothing is said, all. */
export function names<T>(
  path: string,
  read: Read<T, readonly string[]>,
  {
    covers = coversNames,
    more,
    less,
    ...said
  }: Ways & Said<T> & { readonly covers?: Covers<readonly string[]> },
): Field<T> {
  return {
    path,
    text: object => shortListWords(read(object) ?? []),
    absent: 'any',
    key(object) {
      const list = read(object)
      return list === undefined ? undefined : listWords(list)
    },
    together: (from, to) => listsSideBySide(read(from) ?? [], read(to) ?? []),
    judge: (from, to) => classesOf(relate(read(from), read(to), covers), { more, less }),
    ...said,
  }
}

/** A time. Where there is none, it has no end. */
export function time<T>(
  path: string,
  read: Read<T, number>,
  { more, less, ...said }: Ways & Said<T>,
): Field<T> {
  const ms = (object: T) => read(object) ?? Number.POSITIVE_INFINITY
  return {
    ...amount(path, read, { more, less, words: durationWords }),
    absent: 'no end',
    shorter: (from, to) => ms(to) < ms(from),
    ...said,
  }
}

/** A number. Where there is none, it has no bound. */
export function amount<T>(
  path: string,
  read: Read<T, number>,
  { words = String, more, less, ...said }: Ways & Said<T> & { readonly words?: (amount: number) => string },
): Field<T> {
  return {
    path,
    text(object) {
      const value = read(object)
      return value === undefined ? undefined : words(value)
    },
    absent: 'no bound',
    judge: (from, to) => classesOf(relate(read(from), read(to), coversAmount), { more, less }),
    ...said,
  }
}

/** The members that differ, in the order of the fields. */
export function compareFields<T>(
  fields: readonly Field<T>[],
  { from, to }: { readonly from: T; readonly to: T },
  sides: Sides,
): readonly FieldChange[] {
  return fields.flatMap(field => {
    const key = field.key ?? field.text
    if (key(from) === key(to)) return []
    const classes = field.judge(from, to, sides)
    return [
      {
        path: field.path,
        ...textsOf(field, from, to),
        classes: unite([classes]),
        ...(field.shorter?.(from, to) === true ? { shorter: true as const } : {}),
      },
    ]
  })
}

function textsOf<T>(field: Field<T>, from: T, to: T): { readonly from: string; readonly to: string } {
  const [before, after] = [field.text(from), field.text(to)]
  const known = before !== undefined && after !== undefined
  if (known && field.together !== undefined) return field.together(from, to)
  return { from: before ?? field.absent, to: after ?? field.absent }
}
