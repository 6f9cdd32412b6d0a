import { Agent, get } from 'node:https'
import { parentPort, workerData } from 'node:worker_threads'
import type { Proof } from '../../../app/supervise/ask.ts'

// The thread of flow.ts: asks until it is told to stop, then answers once with all that it met.

export type FlowErrand = { readonly url: string; readonly proof: Proof; readonly perSecond: number }

/** `at`: milliseconds since 1970, which all threads count alike. */
export type Answered = { readonly at: number; readonly tookMs: number; readonly failure?: string }

const EVERY_MS = 20
const CONNECTIONS = 20
const TIMEOUT_MS = 30_000
/** More that wait at once means that this machine cannot answer so many: then it is asked less often. */
const MOST_OPEN = 200

if (parentPort === null) throw new Error('flow-thread.ts runs as a worker thread only')
const port = parentPort
const { url, proof, perSecond } = workerData as FlowErrand
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ...proof })
const answered: Answered[] = []
const open = new Set<Promise<void>>()
let isFlowing = true
port.once('message', () => {
  isFlowing = false
})
await flow()
await Promise.all(open)
agent.destroy()
port.postMessage(answered)

async function flow(): Promise<void> {
  const begunAt = performance.now()
  for (let begun = 0; isFlowing; ) {
    const due = Math.floor(((performance.now() - begunAt) / 1_000) * perSecond)
    for (; begun < due; begun++) {
      if (open.size >= MOST_OPEN) continue
      const asked = one().finally(() => open.delete(asked))
      open.add(asked)
    }
    await new Promise(resolve => setTimeout(resolve, EVERY_MS))
  }
}

async function one(): Promise<void> {
  const at = performance.now()
  const failure = await failureOf()
  const said = failure === undefined ? {} : { failure }
  answered.push({ at: performance.timeOrigin + at, tookMs: performance.now() - at, ...said })
}

async function failureOf(): Promise<string | undefined> {
  try {
    const status = await statusOf()
    return status === 200 ? undefined : String(status)
  } catch (error) {
    return String(error)
  }
}

function statusOf(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const call = get(url, { agent, timeout: TIMEOUT_MS }, answer => {
    answer.resume()
    answer.on('end', () => resolve(answer.statusCode ?? 0))
    answer.on('error', reject)
  })
  call.on('timeout', () => call.destroy(new Error('no answer in time')))
  call.on('error', reject)
  return promise
}
