import type { Network } from '../../network/network.ts'
import type { User } from '../../store/people/users.ts'
import { createRandom, type Random } from '../../store/random.ts'
import { sendInto } from '../destination.ts'
import type { Plan, Talk } from './plan.ts'

const TICK_MS = 20
/** So many messages may be on their way into the network at once; who is slower than that falls behind. */
const MAX_UNDER_WAY = 200
const KEPT_FAULTS = 10
const MAX_WORDS = 40
const WORDS = 'the heron stands at dawn and waits for what the river brings'.split(' ')

/** How far a load is. `wanted` is what the rate asks for until now. */
export type LoadState = {
  readonly running: boolean
  readonly talks: number
  readonly rate: number
  readonly seed: number
  readonly started_at: string
  readonly ends_at: string
  readonly wanted: number
  readonly sent: number
  readonly failed: number
  readonly last_faults: readonly string[]
}

type Run = {
  readonly plan: Plan
  readonly random: Random
  readonly startedAt: number
  readonly faults: string[]
  endedAt: number | undefined
  begun: number
  sent: number
  failed: number
}

/**
 * Keeps chats talking: their phones write at the rate, in a random order that follows from the seed, until the time is over
 * or it is stopped.
 */
export class Load {
  readonly #network: Network
  #run: Run | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(network: Network) {
    this.#network = network
  }

  get isRunning(): boolean {
    return this.#timer !== undefined
  }

  start(plan: Plan): void {
    this.stop()
    const random = createRandom(plan.seed, 'load')
    const startedAt = performance.now()
    this.#run = { plan, random, startedAt, faults: [], endedAt: undefined, begun: 0, sent: 0, failed: 0 }
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** No message begins after this; those on their way arrive. */
  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    if (this.#run !== undefined) this.#run.endedAt ??= performance.now()
  }

  /** undefined when there has been none. */
  get state(): LoadState | undefined {
    if (this.#run === undefined) return undefined
    const { plan, startedAt, sent, failed, faults } = this.#run
    const began = performance.timeOrigin + startedAt
    return {
      running: this.isRunning,
      talks: plan.talks.length,
      rate: plan.rate,
      seed: plan.seed,
      started_at: new Date(began).toISOString(),
      ends_at: new Date(began + plan.seconds * 1_000).toISOString(),
      wanted: wanted(this.#run),
      sent,
      failed,
      last_faults: faults,
    }
  }

  #tick(): void {
    const run = this.#run
    if (run === undefined) return
    while (run.begun < wanted(run) && run.begun - run.sent - run.failed < MAX_UNDER_WAY) void this.#say(run)
    if (performance.now() - run.startedAt >= run.plan.seconds * 1_000) this.stop()
  }

  async #say(run: Run): Promise<void> {
    const { talks, seed } = run.plan
    const n = run.begun++
    const talk = pick(talks, run.random) as Talk
    const user = pick(talk.people, run.random) as User
    const words = Array.from({ length: 1 + Math.floor(run.random.fraction() * MAX_WORDS) }, () =>
      pick(WORDS, run.random),
    )
    const member = { body: `load ${seed}.${n}: ${words.join(' ')}` }
    try {
      await sendInto(this.#network, user, { to: talk.to, wording: { type: 'text', member, around: {} } })
      run.sent++
    } catch (error) {
      run.failed++
      run.faults.push(error instanceof Error ? error.message : String(error))
      run.faults.splice(0, run.faults.length - KEPT_FAULTS)
    }
  }
}

/** How many messages the rate asks for by now. */
function wanted({ plan, startedAt, endedAt }: Run): number {
  const elapsedMs = Math.min((endedAt ?? performance.now()) - startedAt, plan.seconds * 1_000)
  return Math.floor((elapsedMs / 1_000) * plan.rate)
}

function pick<T>(from: readonly T[], random: Random): T | undefined {
  return from[Math.floor(random.fraction() * from.length)]
}
