import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import { SYSTEM } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { policyDigest } from '../policy/load.ts'
import { planOf } from '../policy/plan/plan.ts'
import type { PolicyInForce, PolicySnapshot } from '../policy/snapshot.ts'
import type { Refusal } from '../store/policies.ts'
import type { Store } from '../store/store.ts'
import type { Activation, Asked, Obstacle, Refused } from './activation.ts'
import { recordOfApplied, recordOfRefused } from './chronicle.ts'
import type { EdgeHandshake } from './edge-handshake.ts'
import type { Examine } from './examine/examiner.ts'
import type { Probation, Revert } from './probation/probation.ts'

export type SwitchDeps = {
  readonly examine: Examine
  readonly store: Pick<Store, 'policies'>
  readonly edge: EdgeHandshake
  readonly probation: Probation
  /** Gives the events of a change to the endpoints of the policy it is given. */
  readonly routeUnder: (policy: () => PolicyInForce) => RouteEvent
  readonly log: Log
  readonly now: () => Date
}

const REMEMBERED = {
  rejected: 'this policy was refused before; edit it, or lift that with ./postern policy unpin',
  reverted:
    'this policy was taken back because it did harm; edit it, or lift that with ./postern policy unpin',
  'rolled-back': 'this policy was left by a rollback; edit it, or lift that with ./postern policy unpin',
} as const

/** Says nothing about the policy itself. */
const SILENT: ReadonlySet<Obstacle> = new Set(['remembered', 'stale'])

/**
 * The policy in force, and the only way to another one: everything is checked before anything happens, the edge agrees
 * first, what is durable is written in one transaction, then one reference changes. A failure on the way changes nothing.
 */
export class PolicySwitch {
  readonly #deps: SwitchDeps
  readonly #onChange = new Set<(before: PolicySnapshot) => void>()
  readonly #onOutcome = new Set<(outcome: Activation) => void>()
  #policy: PolicyInForce
  #turn: Promise<unknown> = Promise.resolve()

  constructor(started: PolicyInForce, deps: SwitchDeps) {
    this.#policy = started
    this.#deps = deps
  }

  readonly current = (): PolicyInForce => this.#policy

  /** Calls `listener` right after each change, with what was in force before. Returns the way to stop. */
  readonly onChange = (listener: (before: PolicySnapshot) => void): (() => void) => {
    this.#onChange.add(listener)
    return () => this.#onChange.delete(listener)
  }

  /** Calls `listener` with what became of each attempt. */
  onOutcome(listener: (outcome: Activation) => void): void {
    this.#onOutcome.add(listener)
  }

  /** One attempt at a time. */
  activate(files: readonly PolicyFile[], asked: Asked, left?: Refusal): Promise<Activation> {
    const attempt = this.#turn.then(() => this.#activate(files, asked, left))
    this.#turn = attempt.catch(() => {})
    return attempt
  }

  /** Goes on with the trial of the policy in force, when the process before did not end it. */
  resumeProbation(): Promise<void> {
    return this.#deps.probation.resume(this.#policy, this.#revert)
  }

  /** Sees to it that the edge has the part of the policy in force: this process may have begun with another than the edge did. */
  agreeWithEdge(): void {
    const { edge, log } = this.#deps
    this.#turn = this.#turn.then(async () => {
      const answer = await edge.put(this.#policy.snapshot)
      if (!answer.ok) log.error('policy.edge_differs', { reason: answer.error })
    })
  }

  /** Tells of an attempt that ended before there were any files. */
  refuse(refused: Omit<Refused, 'policy'>, asked: Asked): Refused {
    const outcome = { ...refused, policy: this.#policy }
    this.#tell(outcome, asked)
    return outcome
  }

  async #activate(files: readonly PolicyFile[], asked: Asked, left?: Refusal): Promise<Activation> {
    const outcome = await this.#attempt(files, asked, left)
    this.#tell(outcome, asked)
    if (outcome.kind === 'refused') await this.#writeDown(outcome, asked)
    return outcome
  }

  async #attempt(files: readonly PolicyFile[], asked: Asked, left?: Refusal): Promise<Activation> {
    const policy = this.#policy
    const digest = policyDigest(files)
    const stale = staleness(asked.plan, { live: policy.snapshot.digest, files: digest })
    if (stale !== undefined) return this.#refused('stale', digest, stale)
    if (digest === policy.snapshot.digest) return this.#sameAgain(files, asked)
    const remembered = await this.#deps.store.policies.refusalOf(digest)
    const binds = remembered?.because === 'rejected' ? asked.reason === 'watch' : !isReturn(asked)
    if (remembered !== undefined && binds)
      return this.#refused('remembered', digest, REMEMBERED[remembered.because])
    const examined = await this.#deps.examine(files, {
      inForce: policy.revision,
      ...(isReturn(asked) && { of: 'return' }),
    })
    if (examined.kind === 'bad') {
      const { at, first, report } = examined
      return { kind: 'refused', at, digest, first, report, policy }
    }
    const blocked = this.#blocked(examined.snapshot, asked)
    if (blocked !== undefined) return this.#refused('guardrail', digest, blocked)
    return this.#change(examined.snapshot, { files, asked, ...(left === undefined ? {} : { left }) })
  }

  readonly #revert: Revert = (left, { trusted, breach }) => {
    const attempt = this.#turn.then(async () => {
      if (this.#policy !== left) return
      const asked: Asked = { by: SYSTEM, reason: 'probation' }
      const { digest } = left.snapshot
      const files = await this.#deps.store.policies.filesOf(trusted)
      if (files === undefined) return this.#deps.log.error('policy.not_reverted', { to: trusted })
      await this.#activate(files, asked, { digest, because: 'reverted' })
      if (this.#policy === left) return // what stood in the way has been told
      const refused = this.#refused('probation', digest, `taken back by its probation: ${breach}`)
      const told = { ...refused, first: { ...refused.first, code: 'PS-7003' } }
      this.#tell(told, asked)
      await this.#writeDown(told, asked)
    })
    this.#turn = attempt.catch(() => {})
    return attempt
  }

  /** What the guardrails forbid, those in force and those to come. A rollback goes where the appliance has been before. */
  #blocked(to: PolicySnapshot, asked: Asked): string | undefined {
    const from = this.#policy.snapshot
    if (isReturn(asked) || from.guardrails.size + to.guardrails.size === 0) return undefined
    const { blocked } = planOf({ from, to }, { tags: asked.tags ?? [] })
    if (blocked.length === 0) return undefined
    return blocked
      .map(
        ({ guardrail, change, reason: why }) =>
          `PS-5001: the guardrail ${guardrail.id} forbids it: ${change.kind} ${change.name} ${why}`,
      )
      .join('\n')
  }

  /** The files are those in force; but a password file that the edge names may have another content. */
  async #sameAgain(files: readonly PolicyFile[], asked: Asked): Promise<Activation> {
    const policy = this.#policy
    if (asked.reason === 'watch') return { kind: 'unchanged', policy }
    const answer = await this.#deps.edge.put(policy.snapshot)
    return answer.ok
      ? { kind: 'unchanged', policy }
      : this.#refused('edge', policyDigest(files), `Caddy refuses the edge of this policy: ${answer.error}`)
  }

  async #change(
    snapshot: PolicySnapshot,
    of: { readonly files: readonly PolicyFile[]; readonly asked: Asked; readonly left?: Refusal },
  ): Promise<Activation> {
    const { edge, store, probation, routeUnder, now } = this.#deps
    const before = this.#policy
    const prepared = await probation.prepare(before.snapshot, snapshot, of.asked)
    const agreed = await edge.put(snapshot)
    if (!agreed.ok) {
      // An edge side that was only slow may still come to the part: it is asked for the one from before.
      if (agreed.silent) await this.#putBack(before.snapshot)
      return this.#refused('edge', snapshot.digest, `Caddy refuses the edge of this policy: ${agreed.error}`)
    }
    const policy = { revision: nextRevision(before), snapshot }
    try {
      await store.policies.record(
        recordOfApplied(
          { ...of, policy, at: now() },
          routeUnder(() => policy),
        ),
      )
    } catch (error) {
      if (agreed.reloaded) await this.#putBack(before.snapshot)
      return this.#refused(
        'change',
        snapshot.digest,
        `the change could not be written down: ${reasonOf(error)}`,
      )
    }
    this.#policy = policy
    for (const listener of this.#onChange) listener(before.snapshot)
    await probation.begin(policy, prepared, this.#revert)
    const { until } = probation.current() ?? {}
    return {
      ...{ kind: 'applied', policy, edgeReloaded: agreed.reloaded },
      ...(until && { probationUntil: until }),
    }
  }

  async #putBack(snapshot: PolicySnapshot): Promise<void> {
    const answer = await this.#deps.edge.putBack(snapshot)
    if (!answer.ok) this.#deps.log.error('policy.edge_not_put_back', { reason: answer.error })
  }

  #refused(at: Obstacle, digest: string, message: string): Refused {
    const policy = this.#policy
    const report = `${message}\nNothing was loaded; the policy in force is still ${policy.revision}.`
    return { kind: 'refused', at, digest, first: { message }, report, policy }
  }

  /** A refusal that stands already is not told to the world again, nor is one of a plan. */
  async #writeDown(refused: Refused, asked: Asked): Promise<void> {
    const { store, routeUnder, now, log } = this.#deps
    const { digest } = refused
    if (digest === undefined || SILENT.has(refused.at)) return
    const record = recordOfRefused({ ...refused, digest }, { asked, at: now() }, routeUnder(this.current))
    try {
      await store.policies.record(record)
    } catch (error) {
      log.error('policy.rejection_not_recorded', { digest, reason: reasonOf(error) })
    }
  }

  #tell(outcome: Activation, { reason }: Asked): void {
    const { log } = this.#deps
    const { revision, snapshot } = outcome.policy
    if (outcome.kind === 'applied') log.info('policy.applied', { revision, digest: snapshot.digest, reason })
    if (outcome.kind === 'refused') {
      const { at, digest, first } = outcome
      log.error('policy.rejected', {
        ...{ refusedBy: at, digest, reason, inForce: revision, code: first.code, place: first.place },
      })
    }
    for (const listener of this.#onOutcome) listener(outcome)
  }
}

function staleness(
  plan: Asked['plan'],
  { live, files }: { readonly live: string; readonly files: string },
): string | undefined {
  if (plan === undefined) return undefined
  if (plan.old !== live)
    return 'PS-7004: the plan was made against another policy than the one in force: plan again'
  return plan.new === files ? undefined : 'PS-7004: the files are not those that were planned: plan again'
}

/** Where the appliance has been before: no guardrail, no memory and no signature of today's stands in the way. */
function isReturn({ reason }: Asked): boolean {
  return reason === 'rollback' || reason === 'probation'
}

function nextRevision({ revision }: PolicyInForce): PolicyInForce['revision'] {
  return `r${Number(revision.slice(1)) + 1}`
}
