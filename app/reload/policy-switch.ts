import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import { SYSTEM } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { policyDigest } from '../policy/digest.ts'
import { planOf } from '../policy/plan/plan.ts'
import { digestBesideRevoked, revokedIn } from '../policy/revocations.ts'
import type { PolicyInForce, PolicySnapshot } from '../policy/snapshot.ts'
import type { Refusal } from '../store/policies.ts'
import type { Store } from '../store/store.ts'
import type { Activation, Asked, Obstacle, Refused } from './activation.ts'
import { recordOfApplied, recordOfRefused } from './chronicle.ts'
import { comingBack } from './coming-back.ts'
import type { EdgeHandshake } from './edge-handshake.ts'
import type { Examine } from './examine/examiner.ts'
import { binding, heldAgainst, isReturn, staleness } from './obstacles.ts'
import { unprovenAfter } from './probation/lives.ts'
import type { Probation, Revert } from './probation/probation.ts'

export type SwitchDeps = {
  readonly examine: Examine
  readonly store: Pick<Store, 'policies' | 'audit' | 'meta'>
  readonly edge: EdgeHandshake
  readonly probation: Probation
  /** Gives the events of a change to the endpoints of the policy it is given. */
  readonly routeUnder: (policy: () => PolicyInForce) => RouteEvent
  readonly log: Log
  readonly now: () => Date
}

type Change = {
  readonly files: readonly PolicyFile[]
  readonly asked: Asked
  readonly left?: Refusal
  readonly revokesMore: boolean
}

/** Caddy asks no revocation list. */
const NOTHING_TO_AGREE = { ok: true, reloaded: false } as const

const TAKEN_BACK: Asked = { by: SYSTEM, reason: 'probation' }

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

  activate(files: readonly PolicyFile[], asked: Asked): Promise<Activation> {
    return this.#inTurn(() => this.#activate(files, asked))
  }

  /** Puts files of before in force. What is left is remembered, and what it revokes stays revoked. */
  goBack(files: readonly PolicyFile[], asked: Asked, because: Refusal['because']): Promise<Activation> {
    return this.#inTurn(() => this.#goBack(files, asked, because))
  }

  /** One attempt at a time. */
  #inTurn<T>(attempt: () => Promise<T>): Promise<T> {
    const made = this.#turn.then(attempt)
    this.#turn = made.catch(() => {})
    return made
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

  /** See EdgeHandshake: what of the files beside the policy in force the edge has not read yet. */
  edgeNews(): string | undefined {
    return this.#deps.edge.news(this.#policy.snapshot)
  }

  /** Tells of an attempt that ended before there were any files. */
  refuse(refused: Omit<Refused, 'policy'>, asked: Asked): Refused {
    const outcome = { ...refused, policy: this.#policy }
    this.#tell(outcome, asked)
    return outcome
  }

  async #goBack(
    files: readonly PolicyFile[],
    asked: Asked,
    because: Refusal['because'],
  ): Promise<Activation> {
    const { digest, revokedSerials } = this.#policy.snapshot
    const leaving = await this.#deps.store.policies.filesOf(digest)
    const left = { digest: leaving === undefined ? digest : digestBesideRevoked(leaving), because }
    return this.#activate(comingBack(files, { files: leaving, revokedSerials }), asked, left)
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
    const remembered = binding(await heldAgainst(files, this.#deps.store.policies), asked)
    if (remembered !== undefined) return this.#refused('remembered', digest, remembered)
    const revokesMore = await this.#revokesMore(files)
    const examined = await this.#deps.examine(files, {
      inForce: policy.revision,
      ...(isReturn(asked) && { of: 'return' }),
      ...(revokesMore && { of: 'reading' }), // the rest is in force as it is
    })
    if (examined.kind === 'bad') {
      const { at, first, report } = examined
      return { kind: 'refused', at, digest, first, report, policy }
    }
    const blocked = this.#blocked(examined.snapshot, asked)
    if (blocked !== undefined) return this.#refused('guardrail', digest, blocked)
    const of = { files, asked, revokesMore, ...(left === undefined ? {} : { left }) }
    return this.#change(examined.snapshot, of)
  }

  readonly #revert: Revert = (left, { trusted, breach }) =>
    this.#inTurn(async () => {
      if (this.#policy !== left) return
      const refused = await this.#takeBack(left, { trusted, because: `by its probation: ${breach}` })
      if (refused === undefined) return
      this.#tell(refused, TAKEN_BACK)
      await this.#writeDown(refused, TAKEN_BACK)
    })

  /** Answers what is to be said of the one that is left; undefined when something stood in the way, which has been told. */
  async #takeBack(
    left: PolicyInForce,
    { trusted, because }: { readonly trusted: string; readonly because: string },
  ): Promise<Refused | undefined> {
    const { store, log } = this.#deps
    const { digest } = left.snapshot
    const files = await store.policies.filesOf(trusted)
    if (files === undefined) log.error('policy.not_reverted', { to: trusted })
    else await this.#goBack(files, TAKEN_BACK, 'reverted')
    if (this.#policy === left) return undefined
    const message = `taken back ${because}`
    const report = `${message}\nThe policy before is in force again as ${this.#policy.revision}.`
    return { ...this.#refused('probation', digest, message), first: { code: 'PS-7003', message }, report }
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

  /** The files are those in force; but the client CA or a password file that the edge reads may have another content. */
  async #sameAgain(files: readonly PolicyFile[], asked: Asked): Promise<Activation> {
    const policy = this.#policy
    const answer = await this.#deps.edge.put(policy.snapshot)
    if (!answer.ok)
      return this.#refused(
        'edge',
        policyDigest(files),
        `Caddy refuses the edge of this policy: ${answer.error}`,
      )
    if (answer.reloaded) await this.#tellOfFiles(asked)
    return { kind: 'unchanged', policy, edgeReloaded: answer.reloaded }
  }

  /** Files beside the policy have come into force: who is let in may be others now. */
  async #tellOfFiles({ by, reason }: Asked): Promise<void> {
    const { store, log, now } = this.#deps
    const { revision, snapshot } = this.#policy
    log.info('edge.reloaded', { revision, reason })
    const entry = { ...by, at: now(), action: 'edge.reloaded', target: snapshot.digest } as const
    try {
      await store.audit.append([{ ...entry, decision: 'done', detail: { reason } }])
    } catch (error) {
      log.error('edge.reload_not_recorded', { reason: reasonOf(error) })
    }
  }

  async #change(snapshot: PolicySnapshot, { revokesMore, ...of }: Change): Promise<Activation> {
    const { edge, store, probation, routeUnder, now } = this.#deps
    const before = this.#policy
    const digests = { from: before.snapshot.digest, to: snapshot.digest }
    const prepared = revokesMore
      ? probation.goingOn()
      : await probation.prepare(before.snapshot, snapshot, of.asked)
    const agreed = revokesMore ? NOTHING_TO_AGREE : await edge.put(snapshot)
    if (!agreed.ok) {
      // An edge side that was only slow may still come to the part: it is asked for the one from before.
      if (agreed.silent) await this.#putBack(before.snapshot)
      return this.#refused('edge', snapshot.digest, `Caddy refuses the edge of this policy: ${agreed.error}`)
    }
    const policy = { revision: nextRevision(before), snapshot }
    try {
      const unproven = isReturn(of.asked) ? undefined : await unprovenAfter(digests, store.meta)
      const applied = { ...of, policy, at: now(), ...(unproven && { unproven }) }
      await store.policies.record(
        recordOfApplied(
          applied,
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
    const failed = this.#announce(before.snapshot)
    if (failed !== undefined && !isReturn(of.asked)) {
      const because = `because the app could not take it up: ${failed}`
      const refused = await this.#takeBack(policy, { trusted: before.snapshot.digest, because })
      if (refused !== undefined) return refused
    }
    await probation.begin(policy, prepared, this.#revert)
    const { until } = probation.current() ?? {}
    return {
      ...{ kind: 'applied', policy, edgeReloaded: agreed.reloaded },
      ...(until && { probationUntil: until }),
    }
  }

  /**
   * Whether files are those in force with more revocations, and nothing else. Such a change has to come into force whatever is
   * wrong with the rest meanwhile, and is on no trial, for it must not be taken back.
   */
  async #revokesMore(files: readonly PolicyFile[]): Promise<boolean> {
    const { digest, revokedSerials } = this.#policy.snapshot
    const before = await this.#deps.store.policies.filesOf(digest)
    if (before === undefined || digestBesideRevoked(before) !== digestBesideRevoked(files)) return false
    return revokedSerials.isSubsetOf(revokedIn(files))
  }

  /** Tells everybody of the change, also when one of them fails. Answers why the first one did. */
  #announce(before: PolicySnapshot): string | undefined {
    const failures = [...this.#onChange].flatMap(listener => {
      try {
        listener(before)
        return []
      } catch (error) {
        this.#deps.log.error('policy.not_taken_up', { reason: reasonOf(error) })
        return [reasonOf(error)]
      }
    })
    return failures[0]
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

function nextRevision({ revision }: PolicyInForce): PolicyInForce['revision'] {
  return `r${Number(revision.slice(1)) + 1}`
}
