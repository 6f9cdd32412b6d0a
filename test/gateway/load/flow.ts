import { Agent, get } from 'node:https'
import { proofFrom } from '../../../app/supervise/ask.ts'
import type { Sandbox } from '../sandbox.ts'

/** What a stream of requests met. */
export type Flowed = {
  readonly count: number
  /** Whatever was not answered 200. */
  readonly failures: readonly string[]
  /** The longest that one took that was asked between two instants of `performance.now()`. */
  slowestMs(from: number, to: number): number
}

export type Flow = {
  /** What has been answered so far. */
  soFar(): Flowed
  /** Asks no more, and waits for the last answers. */
  stop(): Promise<Flowed>
}

const EVERY_MS = 20
const CONNECTIONS = 20
const TIMEOUT_MS = 30_000
/** More that wait at once means that this machine cannot answer so many: then it is asked less often. */
const MOST_OPEN = 200

/** Asks the api site for the accounts so many times a second, on connections that are kept, until it is stopped. */
export function startFlow(sandbox: Sandbox, perSecond: number): Flow {
  const { api, ca_file, clients } = sandbox.endpoints()
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ...proofFrom(ca_file, clients.demo) })
  const failures: string[] = []
  const answered: { readonly at: number; readonly tookMs: number }[] = []
  const open = new Set<Promise<void>>()
  let isFlowing = true

  async function one(): Promise<void> {
    const at = performance.now()
    try {
      const status = await statusOf(`${api}/v1/accounts`, agent)
      if (status !== 200) failures.push(String(status))
    } catch (error) {
      failures.push(String(error))
    }
    answered.push({ at, tookMs: performance.now() - at })
  }

  async function flow(): Promise<void> {
    for (let due = 0; isFlowing; ) {
      due += (perSecond * EVERY_MS) / 1_000
      for (; due >= 1 && open.size < MOST_OPEN; due--) {
        const asked = one().finally(() => open.delete(asked))
        open.add(asked)
      }
      await new Promise(resolve => setTimeout(resolve, EVERY_MS))
    }
  }

  const soFar = (): Flowed => ({
    count: answered.length,
    failures,
    slowestMs: (from, to) =>
      Math.max(0, ...answered.filter(({ at }) => from <= at && at <= to).map(({ tookMs }) => tookMs)),
  })
  const flowing = flow()
  return {
    soFar,
    async stop() {
      isFlowing = false
      await flowing
      await Promise.all(open)
      agent.destroy()
      return soFar()
    },
  }
}

function statusOf(url: string, agent: Agent): Promise<number> {
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
