import { present } from '../../lib/present.ts'
import type { Keywords } from '../../model/opt-out.ts'
import { type PhoneRule, parsePhone } from '../../model/phone.ts'
import { duration, quietSpans } from '../shape/notation.ts'
import type { ConsentTerms, OptOut, QuietHours, RecipientCondition } from '../snapshot.ts'
import type { Declared, DeclaredList } from './declared.ts'
import { mapOf, parsed } from './values.ts'

const BACK: Keywords = { en: ['START'] }

/** Which numbers are taken; those that are invalid are not when the policy does not say. */
export function compilePhoneRule({
  normalise: { reject = ['invalid'], defaultRegion },
}: Declared): PhoneRule {
  return { reject, ...present({ region: defaultRegion }) }
}

/** The lists as rules look them up. */
export function compileLists(declared: Declared): ReadonlyMap<string, RecipientCondition> {
  return mapOf(declared.lists, list => compileNumbers(list, declared))
}

/** Numbers and prefixes as chats are called: numbers that were written as their country does get its code. */
export function compileNumbers({ numbers, prefixes }: DeclaredList, declared: Declared): RecipientCondition {
  const rule = compilePhoneRule(declared)
  return present({ numbers: numbers?.map(number => numberUnder(number, rule)), prefixes })
}

/** A number of a policy file with its +. */
export function numberUnder(number: string, { region }: PhoneRule): string {
  if (number.startsWith('+')) return number
  return parsePhone(number, { reject: [], ...present({ region }) }) ?? number
}

export function compileConsent({ consent }: Declared): ConsentTerms {
  const { requiredFields = [], purposes, maxAge } = consent
  const maxAgeMs = maxAge === undefined ? undefined : parsed(duration, maxAge)
  return { requiredFields, ...present({ purposes, maxAgeMs }) }
}

export function compileOptOut({ optOut }: Declared): OptOut | undefined {
  const { keywords, liftBy, confirmWith, backKeywords = BACK, exceptPurposes = [] } = optOut
  if (keywords === undefined || liftBy === undefined) return undefined
  return { keywords, liftBy, backKeywords, exceptPurposes, ...present({ confirmWith }) }
}

export function compileQuietHours({ quietHours }: Declared): QuietHours | undefined {
  const { tz, during, then, exceptPurposes = [] } = quietHours
  if (tz === undefined || during === undefined || then === undefined) return undefined
  return { tz, spans: parsed(quietSpans, during), meanwhile: then, exceptPurposes }
}
