import { present } from '../../lib/present.ts'
import type { Guardrail } from '../snapshot.ts'
import type { Declared } from './declared.ts'

/** All guardrails by id, without what is written for people. */
export function compileGuardrails({ guardrails }: Declared): ReadonlyMap<string, Guardrail> {
  const sorted = guardrails.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return new Map(
    sorted.map(({ id, on, deny, unlessTag }) => [id, { id, on, deny, ...present({ unlessTag }) }]),
  )
}
