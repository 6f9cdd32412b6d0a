import type { Effects } from '../effects.ts'
import type { Tx } from '../writer/transaction.ts'
import { appendAudit } from './audit.ts'
import { insertDecisions } from './decisions.ts'
import { insertDelivery } from './delivery-lane.ts'
import { insertEvent } from './events.ts'

/** Writes what an act means for the world and for the audit chain, in the act's own transaction. */
export function writeEffects(tx: Tx, effects: Effects | undefined): void {
  for (const event of effects?.events ?? []) {
    const seq = insertEvent(tx, event)
    for (const delivery of event.deliveries) insertDelivery(tx, { ...delivery, event, eventSeq: seq })
  }
  appendAudit(tx, effects?.audit ?? [])
  insertDecisions(tx, effects?.decisions ?? [])
}
