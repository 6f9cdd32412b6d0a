import type { PolicyFile } from '../model/policy-file.ts'
import type { Access } from './access.ts'
import type { Effects, Page } from './effects.ts'
import { filesOf, findRefusal, lastEntry, listHistory } from './tables/policies.ts'

/** What made somebody, or something, ask for a policy to be put in force. */
export type PolicyReason = 'start' | 'apply' | 'signal' | 'watch' | 'rollback' | 'probation'

/** One attempt to put a policy in force, and what became of it. */
export type PolicyEntry = {
  readonly at: Date
  readonly digest: string
  /** Absent when it never was in force. */
  readonly revision?: number
  /** Who asked. */
  readonly principal: string
  readonly reason: PolicyReason
  /** The Git commit of the folder, when whoever asked knew it. */
  readonly commit?: string
  readonly result: 'applied' | 'rejected'
  /** The first thing that was wrong. Encrypted at rest: it may quote the files. */
  readonly error?: string
}

/**
 * Why a digest is not tried again: it was refused, which automation heeds; or its probation took it back, or a rollback left it,
 * which everybody heeds. The latter two are held against the digest of the files beside what they revoke.
 */
export type Refusal = { readonly digest: string; readonly because: 'rejected' | 'reverted' | 'rolled-back' }

/** What is written in one transaction. */
export type PolicyRecord = {
  readonly entry: PolicyEntry
  /** Of a policy that is applied: kept, encrypted, so that it can be gone back to. */
  readonly files?: readonly PolicyFile[]
  /** Of a policy that is applied: its digest beside what it revokes, against which nothing is held any more either. */
  readonly besideRevoked?: string
  readonly refusal?: Refusal
  /** Of a policy that is applied: what the next life of the app must know of it, as text; nothing when absent. */
  readonly unproven?: string
  readonly effects?: Effects
}

/** How the policy in force came to be what it is. */
export type PolicyStore = {
  /** An applied entry makes its digest and revision the ones to start with, and lifts what was held against the digest. */
  record(record: PolicyRecord): Promise<void>
  /** Newest first; `before` is the cursor of the page before. */
  history(query: { before?: number; limit: number }): Promise<Page<PolicyEntry>>
  /** The newest entry with this result; with a revision, that revision's. */
  last(of: { result: PolicyEntry['result']; revision?: number }): Promise<PolicyEntry | undefined>
  /** Undefined for a policy that was never applied here, or so long ago that its files are gone. */
  filesOf(digest: string): Promise<readonly PolicyFile[] | undefined>
  refusalOf(digest: string): Promise<Refusal | undefined>
  /** Answers how many digests may be tried again. */
  forgetRefusals(effects: Effects): Promise<number>
}

export function createPolicyStore({ reader, writer }: Access): PolicyStore {
  return {
    record: record => writer.run('policies.record', record),
    history: async query => listHistory(reader, query),
    last: async of => lastEntry(reader, of),
    filesOf: async digest => filesOf(reader, digest),
    refusalOf: async digest => findRefusal(reader, digest),
    forgetRefusals: effects => writer.run('policies.forgetRefusals', { effects }),
  }
}
