import { reasonOf } from '../../lib/error.ts'
import type { Log } from '../../lib/log.ts'
import { type After, Pump } from '../../lib/pump.ts'
import type { PolicyInForce, PolicySnapshot } from '../../policy/snapshot.ts'
import type { Store } from '../../store/store.ts'
import type { Asked } from '../activation.ts'
import type { Lives } from './lives.ts'
import { type Baseline, baselineOf, breachOf, type SelfTestDeps } from './self-test.ts'

export type ProbationDeps = SelfTestDeps & {
  readonly lives: Pick<Lives, 'settle' | 'prove'>
  readonly store: Pick<Store, 'meta'>
  readonly log: Log
  /** Between two looks; 1 s when absent. */
  readonly everyMs?: number
  readonly after?: After
}

/** A policy that has yet to show that it does no harm. */
type Trial = {
  readonly policy: PolicyInForce
  readonly begunAt: Date
  readonly until: Date
  /** The digest to go back to: the last policy that needed to show nothing any more. */
  readonly trusted: string
  readonly baseline: Baseline
  /** By a process that has just started: Caddy and WhatsApp may take their time, and count at the end alone. */
  readonly isResumed: boolean
}

/** Everything that was found out before a change, for a trial that may begin with it; or the trial that goes on over it. */
export type Prepared = Pick<Trial, 'trusted' | 'baseline'> & Partial<Trial>

/** Brings back the policy with this digest in the place of one that does harm, unless that has gone already. */
export type Revert = (
  left: PolicyInForce,
  to: { readonly trusted: string; readonly breach: string },
) => Promise<void>

const EVERY_MS = 1_000
const KEPT_AS = 'policy.probation'
/** What a person or a machine wanted; not a start, nor a way back. */
const TRIED: ReadonlySet<Asked['reason']> = new Set(['apply', 'signal', 'watch'])

/** After a policy that asks for it has come into force, looks again and again whether the appliance is worse off, and has it reverted. */
export class Probation {
  readonly #deps: ProbationDeps
  readonly #pump: Pump
  #trial: Trial | undefined
  /** Until all is done and told, the trial is not over. */
  #leaving: Trial | undefined
  #revert: Revert = async () => {}

  constructor(deps: ProbationDeps) {
    this.#deps = deps
    this.#pump = new Pump({
      round: () => this.#look(),
      onError: error => deps.log.error('policy.probation_failed', { reason: reasonOf(error) }),
      ...(deps.after && { after: deps.after }),
    })
  }

  /** The revision on trial, or just being taken back, and until when. */
  current(): { readonly revision: PolicyInForce['revision']; readonly until: Date } | undefined {
    const trial = this.#trial ?? this.#leaving
    return trial && { revision: trial.policy.revision, until: trial.until }
  }

  /** Looks about before a change. Undefined when nothing is to be watched after it. */
  async prepare(from: PolicySnapshot, to: PolicySnapshot, { reason }: Asked): Promise<Prepared | undefined> {
    if (to.reload.probationMs === undefined || !TRIED.has(reason)) return undefined
    const baseline = await baselineOf({ from, to }, this.#deps)
    const trusted = this.#trial?.trusted ?? from.digest
    return { trusted, baseline }
  }

  /** In the place of `prepare`, for a change that is none for a trial that runs, as to what is watched and until when. */
  goingOn(): Prepared | undefined {
    return this.#trial
  }

  /** Begins the trial of what is in force now, or goes on with the one before. Without anything prepared, it only ends the one before. */
  async begin(policy: PolicyInForce, prepared: Prepared | undefined, revert: Revert): Promise<void> {
    const { probationMs } = policy.snapshot.reload
    const wasOnTrial = this.#trial !== undefined
    this.#trial = undefined
    if (prepared !== undefined && probationMs !== undefined)
      this.#start(policy, probationMs, { isResumed: false, ...prepared }, revert)
    if (wasOnTrial || this.#trial !== undefined) await this.#keep()
    if (this.#trial === undefined) this.#deps.lives.settle(policy.snapshot.digest)
  }

  /** Repeats the trial that the process before had not ended. Who called before is not known any more. */
  async resume(policy: PolicyInForce, revert: Revert): Promise<void> {
    const kept = fromText(await this.#deps.store.meta.get(KEPT_AS))
    const { probationMs } = policy.snapshot.reload
    if (kept?.revision !== policy.revision || probationMs === undefined)
      return this.#deps.lives.settle(policy.snapshot.digest)
    this.#deps.log.info('policy.probation_resumed', { revision: policy.revision })
    this.#start(policy, probationMs, { ...kept, isResumed: true }, revert)
  }

  stop(): Promise<void> {
    return this.#pump.stop()
  }

  #start(
    policy: PolicyInForce,
    probationMs: number,
    of: Prepared & Pick<Trial, 'isResumed'>,
    revert: Revert,
  ): void {
    const begunAt = this.#deps.now()
    this.#revert = revert
    this.#trial = { begunAt, until: new Date(begunAt.getTime() + probationMs), ...of, policy }
    this.#pump.wake()
  }

  /** For a process to come, should this one end. */
  async #keep(): Promise<void> {
    const { store, log } = this.#deps
    try {
      await store.meta.set(KEPT_AS, this.#trial === undefined ? '' : asText(this.#trial))
    } catch (error) {
      log.error('policy.probation_not_kept', { reason: reasonOf(error) })
    }
  }

  async #look(): Promise<number | undefined> {
    const { now, log, everyMs = EVERY_MS } = this.#deps
    const trial = this.#trial
    if (trial === undefined) return undefined
    const isLast = now() >= trial.until
    const breach = await this.#breach(trial, isLast, everyMs)
    if (trial !== this.#trial) return 0 // another policy came while this one was looked at
    if (breach !== undefined) {
      const { policy, trusted } = trial
      log.error('policy.probation_breached', { revision: policy.revision, breach })
      this.#leaving = trial
      try {
        await this.#revert(policy, { trusted, breach })
      } finally {
        this.#leaving = undefined
      }
    }
    if (breach === undefined && !isLast) return Math.min(everyMs, trial.until.getTime() - now().getTime())
    if (trial !== this.#trial) return 0
    log.info('policy.probation_ended', { revision: trial.policy.revision, passed: breach === undefined })
    this.#trial = undefined
    await this.#keep()
    await this.#deps.lives.prove(trial.policy.snapshot.digest)
    return undefined
  }

  /** Seen twice: one look may fall into the moment in which Caddy changes over. */
  async #breach(trial: Trial, isLast: boolean, everyMs: number): Promise<string | undefined> {
    const told = { ...trial, policy: trial.policy.snapshot }
    const first = await breachOf(told, isLast, this.#deps)
    if (first === undefined) return undefined
    await new Promise(resolve => setTimeout(resolve, Math.min(everyMs, EVERY_MS)))
    return breachOf(told, isLast, this.#deps)
  }
}

/** Callers are left out: what tells them apart is of their credentials. */
function asText({ policy: { revision }, trusted, baseline: { callers: _, ...baseline } }: Trial): string {
  return JSON.stringify({ revision, trusted, baseline })
}

function fromText(text: string | undefined): (Prepared & { readonly revision: string }) | undefined {
  if (text === undefined || text === '') return undefined
  const { revision, trusted, baseline } = JSON.parse(text) as Prepared & { revision: string }
  return { revision, trusted, baseline: { ...baseline, callers: new Map() } }
}
