import { policyFacts } from '../../config/policy-facts.ts'
import { reasonOf } from '../../lib/error.ts'
import type { PolicyFile } from '../../model/policy-file.ts'
import { policyDigest } from '../../policy/digest.ts'
import type { Examined, Manner } from './examine.ts'
import { ExaminerThread, type Report } from './examiner-thread.ts'
import { stillFound } from './findings.ts'
import type { Installation } from './installation.ts'

/** `examine` for an appliance that is running. */
export type Examine = (files: readonly PolicyFile[], manner: Manner) => Promise<Examined>

export type Examiner = { readonly examine: Examine; stop(): Promise<void> }

/** More than any set takes; a thread that is not done by then never is. */
const WITHIN_MS = 60_000
/** The folder, and a few policies of before whose decisions somebody looks through. */
const KEPT_REPORTS = 4

/**
 * Examines in another thread, for a thousand rules take a good part of a second to read, in which no request must wait. One at
 * a time; a set is examined again only when its files, or what the installation says to them, changed.
 */
export function createExaminer(installation: Installation, withinMs = WITHIN_MS): Examiner {
  const thread = new ExaminerThread(installation, withinMs)
  const reports = new Map<string, Report>()
  let turn: Promise<unknown> = Promise.resolve()

  async function look(files: readonly PolicyFile[], manner: Manner): Promise<Examined> {
    const digest = policyDigest(files)
    const key = [digest, manner.of, manner.inForce].join(' ')
    const known = reports.get(key)
    if (known !== undefined && stillFound(known.findings, policyFacts(installation))) return known.examined
    try {
      const report = await thread.send({ files, manner })
      keep(key, report)
      return report.examined
    } catch (error) {
      // Refused like any other that is no good: watching would send thread after thread into it.
      const message = `it could not be examined: ${reasonOf(error)}`
      return { kind: 'bad', at: 'check', digest, first: { message }, report: message }
    }
  }

  function keep(key: string, report: Report): void {
    reports.delete(key)
    reports.set(key, report)
    const [oldest] = reports.keys()
    if (reports.size > KEPT_REPORTS && oldest !== undefined) reports.delete(oldest)
  }

  return {
    examine(files, manner) {
      const asked = turn.then(() => look(files, manner))
      turn = asked.catch(() => {})
      return asked
    },
    stop: () => thread.stop(),
  }
}
