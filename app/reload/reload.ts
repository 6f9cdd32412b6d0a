import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { readPolicyFolder } from '../config/policy-folder.ts'
import type { Log } from '../lib/log.ts'
import { loopbackAddresses } from '../lib/loopback.ts'
import type { Account } from '../model/account.ts'
import { SYSTEM } from '../model/audit.ts'
import type { RouteEvent } from '../model/event.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { Activation } from './activation.ts'
import type { Started } from './boot.ts'
import { createEdgeHandshake, type HandshakeDeps, leaveForEdge } from './edge-handshake.ts'
import { createExaminer, type Examiner } from './examine/examiner.ts'
import { installationOf } from './examine/installation.ts'
import { createHopWatch } from './hop-watch.ts'
import { createPolicies, type Policies } from './policies.ts'
import { PolicySwitch } from './policy-switch.ts'
import { type Answers, createAnswers } from './probation/answers.ts'
import { Lives } from './probation/lives.ts'
import { Probation } from './probation/probation.ts'
import { createWatch } from './watch.ts'

export type ReloadDeps = {
  readonly config: Config
  /** The edge is a proxy elsewhere, which waits for a part to start with; `up` has rendered its own. */
  readonly rendersEdge: boolean
  readonly store: Store
  readonly routeUnder: (policy: () => PolicyInForce) => RouteEvent
  readonly log: Log
  readonly now: () => Date
  readonly accounts: () => readonly Account[]
  /** See HandshakeDeps. */
  readonly readTrust: HandshakeDeps['readTrust']
  readonly hop: { readonly areNewer: () => boolean }
}

export type Reload = {
  readonly policySwitch: PolicySwitch
  readonly policies: Policies
  /** What probation is judged by, told by whoever answers requests. */
  readonly answers: Answers
  /** Calls `listener` with what becomes of each attempt, and of the start when it was one. */
  onOutcome(listener: (outcome: Activation) => void): void
  /** Puts the policy folder as it is now in force, when it is good. */
  bySignal(): void
  /** Once everything else runs: agrees with the edge, goes on with a probation, begins to watch. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** Once the start, which has enough to do, is over. */
const WARM_AFTER_MS = 30_000

/** The policy in force, the ways to another one, and the edge that has to agree. */
export function createReload(boot: Started, given: ReloadDeps): Reload {
  const { policy: started, degraded, takenBack } = boot
  const { config, rendersEdge, store, log } = given
  const { policiesDir, secretsDir } = config
  // A proxy in a network of its own listens everywhere in it; `up` names what it listens on.
  const facts = rendersEdge ? {} : { loopback: loopbackAddresses() }
  const folder = join(config.dataDir, 'edge')
  const { readTrust, hop } = given
  const agreement = {
    ...{ folder, secretsDir, facts, hasOwnFiles: rendersEdge },
    ...{ started: started.snapshot, readTrust },
  }
  if (rendersEdge) leaveForEdge(agreement)
  const edge = createEdgeHandshake(agreement)
  const answers = createAnswers(given.now)
  const lives = new Lives(given)
  const probation = new Probation({ ...given, answers, lives })
  const examiner = createExaminer(installationOf(config))
  const deps = {
    ...given,
    examine: examiner.examine,
    edge,
    probation,
    policiesDir,
    degraded: degraded !== undefined,
  }
  const policySwitch = new PolicySwitch(started, deps)
  const policies = createPolicies(policySwitch, deps)
  const watch = createWatch({ policiesDir, policySwitch, store, log })
  const hopWatch = createHopWatch({ hop, agreeWithEdge: () => policySwitch.agreeWithEdge(), log })
  let warming: NodeJS.Timeout | undefined
  return {
    ...{ policySwitch, policies, answers },
    onOutcome(listener) {
      policySwitch.onOutcome(listener)
      for (const told of [degraded, takenBack]) if (told !== undefined) listener(told)
    },
    bySignal: () => void policies.apply({ by: SYSTEM, reason: 'signal' }),
    async start() {
      if (!rendersEdge) policySwitch.agreeWithEdge()
      await policySwitch.resumeProbation()
      watch.start()
      hopWatch.start()
      warming = setTimeout(() => void warmUp(policiesDir, examiner), WARM_AFTER_MS)
    },
    async stop() {
      clearTimeout(warming)
      await watch.stop()
      await hopWatch.stop()
      await probation.stop()
      await lives.stop()
      await examiner.stop()
    },
  }
}

/** Has the folder read once, so that of the first edit only what was edited has to be. */
async function warmUp(policiesDir: string, { examine }: Examiner): Promise<void> {
  const files = await readPolicyFolder(policiesDir).catch(() => undefined)
  if (files !== undefined) await examine(files, { of: 'reading' })
}
