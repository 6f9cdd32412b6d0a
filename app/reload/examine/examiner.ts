import { Worker } from 'node:worker_threads'
import { policyFacts } from '../../config/policy-facts.ts'
import { PosternError, reasonOf } from '../../lib/error.ts'
import type { PolicyFile } from '../../model/policy-file.ts'
import { policyDigest } from '../../policy/load.ts'
import type { Examined, Manner } from './examine.ts'
import { type Finding, stillFound } from './findings.ts'
import type { Installation } from './installation.ts'

/** `examine` for an appliance that is running. */
export type Examine = (files: readonly PolicyFile[], manner: Manner) => Promise<Examined>

/** What goes to the thread and what comes back: plain data alone. */
export type Errand = Installation & { readonly files: readonly PolicyFile[]; readonly manner: Manner }
export type Report = { readonly examined: Examined; readonly findings: readonly Finding[] }

/** More than any set takes; a thread that is not done by then never is. */
const WITHIN_MS = 60_000
/** The folder, and a few policies of before whose decisions somebody looks through. */
const KEPT_REPORTS = 4

/**
 * Examines in a thread that ends with it, for a thousand rules take the better part of a second to read, in which no request
 * must wait. One at a time; files are examined again only when they, or what the installation says to them, changed.
 */
export function createExaminer(installation: Installation, withinMs = WITHIN_MS): Examine {
  const reports = new Map<string, Report>()
  let turn: Promise<unknown> = Promise.resolve()

  async function look(files: readonly PolicyFile[], manner: Manner): Promise<Examined> {
    const digest = policyDigest(files)
    const key = [digest, manner.of, manner.inForce].join(' ')
    const known = reports.get(key)
    if (known !== undefined && stillFound(known.findings, policyFacts(installation))) return known.examined
    try {
      const report = await sendThread({ ...installation, files, manner }, withinMs)
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

  return (files, manner) => {
    const asked = turn.then(() => look(files, manner))
    turn = asked.catch(() => {})
    return asked
  }
}

function sendThread(errand: Errand, withinMs: number): Promise<Report> {
  const { promise, resolve, reject } = Promise.withResolvers<Report>()
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    ...{ workerData: errand, name: 'postern-examiner' },
  })
  const giveUp = (why: string) => reject(new PosternError('policy.not_examined', why))
  const patience = setTimeout(() => {
    giveUp(`it was not done after ${withinMs} ms`)
    void thread.terminate()
  }, withinMs)
  thread.once('message', resolve)
  thread.once('error', reject)
  thread.once('exit', () => {
    clearTimeout(patience)
    giveUp('its thread ended without an answer')
  })
  return promise
}
