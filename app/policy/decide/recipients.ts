import { kindOfChat } from '../../model/chat.ts'
import type { DecisionRequest } from '../../model/decision.ts'
import type { RecipientCondition } from '../snapshot.ts'

const matchers = new WeakMap<RecipientCondition, (number: string) => boolean>()

/** What kind of chat a request goes to: as it says, else as the chat's name shows. */
export function kindOf({ to, recipientKind }: DecisionRequest): DecisionRequest['recipientKind'] {
  return recipientKind ?? (to === undefined ? undefined : kindOfChat(to))
}

/** True when a number is one of those named, or begins as one of the prefixes does. */
export function isListed(condition: RecipientCondition, number: string): boolean {
  const kept = matchers.get(condition) ?? matcherOf(condition)
  matchers.set(condition, kept)
  return kept(number)
}

/** By hash and not by walking: a list may have thousands of numbers. */
function matcherOf({ numbers = [], prefixes = [] }: RecipientCondition): (number: string) => boolean {
  const whole = new Set(numbers)
  const beginnings = new Set(prefixes)
  const lengths = [...new Set(prefixes.map(({ length }) => length))].sort((a, b) => a - b)
  return number => whole.has(number) || lengths.some(length => beginnings.has(number.slice(0, length)))
}
