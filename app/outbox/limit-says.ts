import type { Decision } from '../model/decision.ts'
import type { Limit } from '../policy/snapshot.ts'

/** What a limit decides about a message, in the words of a decision. */
export function limitSays(effect: 'deny' | 'hold', { name }: Limit): Decision {
  const reason =
    effect === 'deny' ? `The limit ${name} is used up.` : `The limit ${name} asks for a person's approval.`
  return { effect, by: `limit:${name}`, reason }
}
