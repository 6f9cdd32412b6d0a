import { setImmediate } from 'node:timers/promises'
import type { AuditDraft, AuditEntry } from '../model/audit.ts'
import type { Access } from './access.ts'
import type { Page } from './effects.ts'
import { countAudit, listAudit, verifyStretch } from './tables/audit.ts'
import { FIRST_PREV } from './tables/audit-chain.ts'

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

export function createAuditStore({ reader, writer }: Access): AuditStore {
  return {
    append: drafts => writer.run('audit.append', drafts),
    list: async query => listAudit(reader, query),
    verify,
  }

  async function verify(): Promise<{ entries: number; brokenAt?: number }> {
    const entries = countAudit(reader)
    let walked: { seq: number; hash: string } = { seq: 0, hash: FIRST_PREV }
    for (;;) {
      const stretch = verifyStretch(reader, walked)
      if (stretch === undefined) return { entries }
      if (stretch.brokenAt !== undefined) return { entries, brokenAt: stretch.brokenAt }
      walked = stretch
      await setImmediate() // a long chain must not hold up the sockets
    }
  }
}
