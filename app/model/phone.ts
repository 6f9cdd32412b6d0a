import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

/**
 * How strictly a number is judged: `valid` wants a number that its country has given out (length and prefix),
 * `possible` only a legal length. The sandbox uses `possible`, so that made-up numbers work there.
 */
export type PhoneRule = 'valid' | 'possible'

/** An E.164 number with its `+`. */
export type Phone = `+${string}`

/** Reads a number with or without `+`; undefined when it is none. Spaces, dashes and brackets are not accepted. */
export function parsePhone(text: string, rule: PhoneRule): Phone | undefined {
  if (!/^\+?[1-9]\d{4,14}$/.test(text)) return undefined
  const e164 = text.startsWith('+') ? text : `+${text}`
  const parsed = parsePhoneNumberFromString(e164)
  if (parsed === undefined) return undefined
  return (rule === 'valid' ? parsed.isValid() : parsed.isPossible()) ? (parsed.number as Phone) : undefined
}
