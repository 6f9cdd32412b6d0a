import type { AuditDraft } from '../model/audit.ts'
import type { DecisionRecord } from '../model/decision.ts'
import type { Access } from './access.ts'
import type { Page } from './effects.ts'
import { findDecision, listDecisions } from './tables/decisions.ts'

/** What was asked of the policy and what it said, to be explained and decided again for a while. */
export type DecisionStore = {
  /** A refusal with its audit entry; what is let through and changes something is written with that change. */
  refused(record: DecisionRecord, audit: AuditDraft): Promise<void>
  /** Of a request that was let through and changes nothing: written within a second, at most 60 a minute of one principal. */
  note(record: DecisionRecord): void
  get(id: string): Promise<DecisionRecord | undefined>
  /** Oldest first. `after` is the cursor of the page before. */
  list(query: { since: Date; after?: string; limit: number }): Promise<Page<DecisionRecord>>
  /** Writes what is noted. */
  flush(): Promise<void>
}

const FLUSH_MS = 1_000
/** Who polls all day is recorded as often as tells what a policy would change for them, and fills no disk. */
const NOTED_A_MINUTE = 60
const MINUTE_MS = 60_000

export function createDecisionStore({ reader, writer, disk }: Access): DecisionStore {
  const noted = new Map<string, { readonly minute: number; count: number }>()
  let waiting: DecisionRecord[] = []
  let timer: NodeJS.Timeout | undefined

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const decisions = waiting
    waiting = []
    if (decisions.length > 0) await writer.run('events.append', { decisions })
  }

  function note(record: DecisionRecord): void {
    const { principal, at } = record.request
    const minute = Math.floor(at.getTime() / MINUTE_MS)
    const before = noted.get(principal)
    const own = before?.minute === minute ? before : { minute, count: 0 }
    noted.set(principal, own)
    own.count += 1
    if (own.count > NOTED_A_MINUTE || disk.state().level === 'full') return
    waiting.push(record)
    timer ??= setTimeout(() => void flush().catch(() => {}), FLUSH_MS) // a writer that fails says so itself
    timer.unref()
  }

  return {
    refused: (record, audit) => writer.run('events.append', { decisions: [record], audit: [audit] }),
    note,
    get: async id => findDecision(reader, id),
    list: async query => {
      await flush()
      return listDecisions(reader, query)
    },
    flush,
  }
}
