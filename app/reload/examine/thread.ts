import { parentPort, workerData } from 'node:worker_threads'
import { policyFacts } from '../../config/policy-facts.ts'
import { rememberingReader } from '../../policy/shape/read-files.ts'
import { examine } from './examine.ts'
import type { Errand, Report } from './examiner-thread.ts'
import { witnessed } from './findings.ts'
import type { Installation } from './installation.ts'

// The thread of examiner-thread.ts: an answer to each errand. Whatever is thrown ends it.

if (parentPort === null) throw new Error('examine/thread.ts runs as a worker thread only')
const port = parentPort
const installation = workerData as Installation
const { ports } = installation
const readAll = rememberingReader()
port.on('message', ({ files, manner }: Errand) => {
  const { facts, findings } = witnessed(policyFacts(installation))
  const examined = examine(files, { ...manner, readAll, facts: () => facts, ...(ports && { ports }) })
  port.postMessage({ examined, findings } satisfies Report)
})
