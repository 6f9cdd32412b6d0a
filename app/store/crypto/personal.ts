import type { Json } from '../../model/event.ts'

/** Anything with an `@` between two words: a JID, an e-mail address. */
const ADDRESS = /[^\s"'<>,;()[\]{}@]+@[^\s"'<>,;()[\]{}@]+/
/** A number with its `+`, also with the spaces, dashes and brackets that people put in. */
const WRITTEN_NUMBER = /\+\d[\d ().-]{4,20}\d/
/** A bare number as WhatsApp writes it: 7 to 15 digits that are no part of a word, so of none of our ids. */
const BARE_NUMBER = /(?<!\w)\d{7,15}(?!\w)/
const PERSONAL = new RegExp(
  [ADDRESS, WRITTEN_NUMBER, BARE_NUMBER].map(pattern => pattern.source).join('|'),
  'g',
)

const USER_JID = /^(\d{5,20})(:\d+)?@(?:s\.whatsapp\.net|c\.us)$/

/**
 * Replaces what names a person (numbers, JIDs, e-mail addresses, wherever they stand in a string) by `personal:<hash>`.
 * A number and the JID of the same number have the same hash. Names of accounts, endpoints, rules and our own ids stay,
 * and so do JSON numbers. Free text cannot be recognised: it does not belong into what is given here.
 */
export function withoutPersonal(value: Json, hash: (canonical: string) => string): Json {
  if (typeof value === 'string') return value.replace(PERSONAL, found => `personal:${hash(canonical(found))}`)
  if (Array.isArray(value)) return value.map(item => withoutPersonal(item, hash))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [
    withoutPersonal(name, hash),
    withoutPersonal(member as Json, hash),
  ])
  return Object.fromEntries(members) as Json
}

function canonical(text: string): string {
  const user = USER_JID.exec(text)?.[1]
  if (user !== undefined) return user
  return text.includes('@') ? text.toLowerCase() : text.replaceAll(/\D/g, '')
}
