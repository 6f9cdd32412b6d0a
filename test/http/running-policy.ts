import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readPolicyFolder } from '../../app/config/policy-folder.ts'
import { newId } from '../../app/lib/ids.ts'
import { silentLog } from '../../app/lib/log.ts'
import type { Account } from '../../app/model/account.ts'
import { SYSTEM } from '../../app/model/audit.ts'
import type { RouteEvent } from '../../app/model/event.ts'
import { loadPolicy, type PolicyFacts } from '../../app/policy/load.ts'
import type { PolicyInForce, PolicySnapshot } from '../../app/policy/snapshot.ts'
import { recordOfApplied } from '../../app/reload/chronicle.ts'
import type { EdgeHandshake } from '../../app/reload/edge-handshake.ts'
import { examine } from '../../app/reload/examine/examine.ts'
import type { Examine } from '../../app/reload/examine/examiner.ts'
import { createPolicies, type Policies } from '../../app/reload/policies.ts'
import { PolicySwitch } from '../../app/reload/policy-switch.ts'
import { type Answers, createAnswers } from '../../app/reload/probation/answers.ts'
import { Lives } from '../../app/reload/probation/lives.ts'
import { Probation } from '../../app/reload/probation/probation.ts'
import type { Store } from '../../app/store/store.ts'
import { POLICY_YAML } from './policies.ts'

/** An event as it is stored when no endpoint wants it. */
export const route: RouteEvent = draft => ({ ...draft, id: newId('evt'), at: new Date(), deliveries: [] })

export type RunningPolicy = {
  readonly policy: () => PolicyInForce
  readonly policySwitch: PolicySwitch
  readonly policies: Policies
  readonly answers: Answers
  readonly probation: Probation
  /** Lays a change over whatever is in force, without files. */
  setPolicy(change: Partial<PolicySnapshot>): void
}

const AGREEING: EdgeHandshake = {
  put: async () => ({ ok: true, reloaded: false }),
  putBack: async () => ({ ok: true, reloaded: true }),
  news: () => undefined,
}

type PolicyOptions = {
  readonly folder: string
  readonly store: Store
  readonly now: () => Date
  readonly edge?: EdgeHandshake
  readonly accounts: () => readonly Account[]
}

const PROBATION_LOOK_MS = 20

/** POLICY_YAML in force as r7, over a folder with that file, which tests may edit. */
export async function startPolicy(options: PolicyOptions): Promise<RunningPolicy> {
  const { folder, store, now } = options
  const policiesDir = join(folder, 'policies')
  mkdirSync(policiesDir)
  writeFileSync(join(policiesDir, 'policy.yaml'), POLICY_YAML)
  const started = { revision: 'r7', snapshot: testPolicy() } as const
  const asked = { by: SYSTEM, reason: 'start' } as const
  const files = await readPolicyFolder(policiesDir)
  const { effects: _, ...record } = recordOfApplied({ policy: started, files, asked, at: now() }, route)
  await store.policies.record(record) // in the history; of a start that the tests' events do not tell
  return runPolicy(started, options)
}

/** What a process makes of a policy that is in force as it starts, over the folder and the store as they are. */
export function runPolicy(started: PolicyInForce, options: PolicyOptions): RunningPolicy {
  const { folder, store, now, edge = AGREEING } = options
  const answers = createAnswers(now)
  const lives = new Lives({ store, log: silentLog })
  const probation = new Probation({ ...options, answers, lives, log: silentLog, everyMs: PROBATION_LOOK_MS })
  const policiesDir = join(folder, 'policies')
  const facts = (): PolicyFacts => ({ secretState: () => 'ok' })
  // On this thread: what the one of examiner.ts costs adds up over many tests.
  const examineHere: Examine = async (given, manner) => examine(given, { facts, ...manner })
  const deps = {
    examine: examineHere,
    policiesDir,
    store,
    edge,
    probation,
    routeUnder: () => route,
    log: silentLog,
    now,
  }
  const policySwitch = new PolicySwitch(started, deps)
  let changed: Partial<PolicySnapshot> = {}
  let merged: PolicyInForce = started
  const merge = () => {
    const { revision, snapshot } = policySwitch.current()
    merged = { revision, snapshot: { ...snapshot, ...changed } }
  }
  policySwitch.onChange(merge)
  return {
    policy: () => merged,
    policySwitch,
    policies: createPolicies(policySwitch, deps),
    answers,
    probation,
    setPolicy(change) {
      changed = { ...changed, ...change }
      merge()
    },
  }
}

/** The policy of policies.ts, through the real loader. */
export function testPolicy(): PolicySnapshot {
  const loaded = loadPolicy([{ name: 'policy.yaml', text: POLICY_YAML }], { secretState: () => 'ok' })
  assert.equal(loaded.kind, 'loaded', JSON.stringify(loaded))
  return loaded.snapshot
}
