import { parentPort, workerData } from 'node:worker_threads'
import { policyFacts } from '../../config/policy-facts.ts'
import { examine } from './examine.ts'
import type { Errand, Report } from './examiner.ts'
import { witnessed } from './findings.ts'

// The thread of examiner.ts: one examination, one answer.

if (parentPort === null) throw new Error('examine/thread.ts runs as a worker thread only')
const { files, manner, ...installation } = workerData as Errand
const { facts, findings } = witnessed(policyFacts(installation))
const { ports } = installation
const examined = examine(files, { ...manner, facts: () => facts, ...(ports && { ports }) })
parentPort.postMessage({ examined, findings } satisfies Report)
