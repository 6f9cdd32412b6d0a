import type { AuditDraft } from '../model/audit.ts'
import type { DecisionRecord } from '../model/decision.ts'
import type { NewEvent } from '../model/event.ts'

/** What is written in the same transaction as an act, and only when the act changed something. */
export type Effects = {
  readonly events?: readonly NewEvent[]
  readonly audit?: readonly AuditDraft[]
  readonly decisions?: readonly DecisionRecord[]
}

/** One page of a list; `next` is the cursor of the page after it. */
export type Page<T> = { readonly items: readonly T[]; readonly next: string | null }
