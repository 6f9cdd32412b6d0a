import type { AuditDraft, AuditEntry } from '../model/audit.ts'
import type { Page } from './effects.ts'

export type AuditStore = {
  append(drafts: readonly AuditDraft[]): Promise<void>
  /** Oldest first, after the given sequence number. */
  list(query: {
    after?: number
    principal?: string
    action?: string
    limit: number
  }): Promise<Page<AuditEntry>>
  /** Walks the chain; `brokenAt` is the first entry whose hash or link is wrong. */
  verify(): Promise<{ readonly entries: number; readonly brokenAt?: number }>
}
