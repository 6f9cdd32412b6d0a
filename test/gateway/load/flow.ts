import { Worker } from 'node:worker_threads'
import { proofFrom } from '../../../app/supervise/ask.ts'
import type { Sandbox } from '../sandbox.ts'
import type { Answered, FlowErrand } from './flow-thread.ts'

/** What a stream of requests met. */
export type Flowed = {
  readonly count: number
  /** How many were asked in each second, on average. */
  readonly perSecond: number
  /** Whatever was not answered 200. */
  readonly failures: readonly string[]
  /** The longest that one took that was asked between two instants of `performance.now()`. */
  slowestMs(from: number, to: number): number
}

export type Flow = {
  /** Asks no more, and waits for the last answers. */
  stop(): Promise<Flowed>
}

/**
 * Asks the api site for the accounts so many times a second until it is stopped. In a thread of its own: what a test does
 * meanwhile must not be taken for slowness of the appliance.
 */
export function startFlow(sandbox: Sandbox, perSecond: number): Flow {
  const { api, ca_file, clients } = sandbox.endpoints()
  const proof = proofFrom(ca_file, clients.demo)
  const errand: FlowErrand = { url: `${api}/v1/accounts`, proof, perSecond }
  const thread = new Worker(new URL('./flow-thread.ts', import.meta.url), { workerData: errand })
  const begunAt = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<Flowed>()
  promise.catch(() => {}) // told by `stop`
  thread.once('message', (answered: readonly Answered[]) => {
    const seconds = (performance.now() - begunAt) / 1_000
    resolve(flowed(answered, answered.length / seconds))
  })
  thread.once('error', reject)
  return {
    stop() {
      thread.postMessage('stop')
      return promise
    },
  }
}

function flowed(answered: readonly Answered[], perSecond: number): Flowed {
  const isWithin = (from: number, to: number) => (one: Answered) => {
    const at = one.at - performance.timeOrigin
    return from <= at && at <= to
  }
  return {
    count: answered.length,
    perSecond,
    failures: answered.flatMap(({ failure }) => failure ?? []),
    slowestMs: (from, to) => Math.max(0, ...answered.filter(isWithin(from, to)).map(({ tookMs }) => tookMs)),
  }
}
