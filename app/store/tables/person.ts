import type { Source } from '../writer/transaction.ts'
import { contactHash, namesOf } from './contact-links.ts'

/** What stands for a contact whose data was erased. */
export const ERASED = 'erased'

/** Whose data is looked for. */
export type Person = {
  /** True for a number, a LID or a JID of theirs. */
  is(name: string): boolean
  /** True where a name of theirs is anywhere in a value. */
  isIn(value: unknown): boolean
  /** The value with `erased` for each of their names. */
  without<T>(value: T): T
}

const NUMBER = /^\+?(\d{5,20})(?:(?::\d+)?@(?:s\.whatsapp\.net|c\.us))?$/
const LID = /^(\d{5,20})(?::\d+)?@lid$/

/** A contact under both of its names, of which the store may know one by its hash alone. */
export function personOf(source: Source, contact: string): Person {
  const hashes = new Set(namesOf(source, contact).map(hash => hash.toString('hex')))
  const known = new Map<string, boolean>()

  function is(name: string): boolean {
    const canonical = canonicalOf(name)
    if (canonical === undefined) return false
    const isTheirs = known.get(canonical) ?? hashes.has(contactHash(source, canonical).toString('hex'))
    known.set(canonical, isTheirs)
    return isTheirs
  }

  function isIn(value: unknown): boolean {
    if (typeof value === 'string') return is(value)
    return typeof value === 'object' && value !== null && Object.values(value).some(isIn)
  }

  function without<T>(value: T): T {
    if (typeof value === 'string') return (is(value) ? ERASED : value) as T
    if (Array.isArray(value)) return value.map(without) as T
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, without(member)])) as T
  }

  return { is, isIn, without }
}

function canonicalOf(name: string): string | undefined {
  const number = NUMBER.exec(name)?.[1]
  if (number !== undefined) return `+${number}`
  const lid = LID.exec(name)?.[1]
  return lid === undefined ? undefined : `${lid}@lid`
}
