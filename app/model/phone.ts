import {
  type CountryCode,
  isSupportedCountry,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'

/**
 * Which numbers are taken. `invalid` refuses those that no country has given out (length and prefix), `premium-rate` those
 * that cost whoever calls them. What is left out of `reject` is taken, as long as its length is legal: so made-up numbers
 * work in the sandbox.
 */
export type PhoneRule = {
  readonly reject: readonly ('invalid' | 'premium-rate')[]
  /** The country (`FR`) whose way of writing numbers is meant where one has no `+`; absent: its `+` was left out. */
  readonly region?: string
}

/** An E.164 number with its `+`. */
export type Phone = `+${string}`

/** Reads a number with or without `+`; undefined when it is none. Spaces, dashes and brackets are not accepted. */
export function parsePhone(text: string, rule: PhoneRule): Phone | undefined {
  const number = numberOf(text, rule)
  if (number === undefined) return undefined
  if (!(rule.reject.includes('invalid') ? number.isValid() : number.isPossible())) return undefined
  if (rule.reject.includes('premium-rate') && number.getType() === 'PREMIUM_RATE') return undefined
  return number.number as Phone
}

/** True for a country that numbers can belong to. */
export function isRegion(text: string): text is CountryCode {
  return isSupportedCountry(text)
}

function numberOf(text: string, { region }: PhoneRule): PhoneNumber | undefined {
  if (/^\+[1-9]\d{4,14}$/.test(text)) return parsePhoneNumberFromString(text)
  if (region !== undefined && isRegion(region))
    return /^\d{3,15}$/.test(text) ? parsePhoneNumberFromString(text, region) : undefined
  return /^[1-9]\d{4,14}$/.test(text) ? parsePhoneNumberFromString(`+${text}`) : undefined
}
