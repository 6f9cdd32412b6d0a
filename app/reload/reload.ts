import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { policyFacts } from '../config/policy-facts.ts'
import type { Log } from '../lib/log.ts'
import { loopbackAddresses } from '../lib/loopback.ts'
import type { RouteEvent } from '../model/event.ts'
import { renderEdge } from '../policy/render-edge.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import { createEdgeHandshake, leaveForEdge } from './edge-handshake.ts'
import type { ExamineDeps } from './examine.ts'
import { createPolicies, type Policies } from './policies.ts'
import { PolicySwitch } from './policy-switch.ts'
import { createWatch, type Watch } from './watch.ts'

export type ReloadDeps = {
  readonly config: Config
  /** The edge is a proxy elsewhere, which waits for a part to start with; `up` has rendered its own. */
  readonly rendersEdge: boolean
  readonly store: Store
  readonly routeUnder: (policy: () => PolicyInForce) => RouteEvent
  readonly log: Log
  readonly now: () => Date
}

export type Reload = {
  readonly policySwitch: PolicySwitch
  readonly policies: Policies
  readonly watch: Watch
}

/** The policy in force, the ways to another one, and the edge that has to agree. */
export function createReload(started: PolicyInForce, given: ReloadDeps): Reload {
  const { config, rendersEdge, store, log } = given
  const { policiesDir, secretsDir } = config
  // A proxy in a network of its own listens everywhere in it; `up` names what it listens on.
  const facts = rendersEdge ? {} : { loopback: loopbackAddresses() }
  const folder = join(config.dataDir, 'edge')
  if (rendersEdge) leaveForEdge(folder, renderEdge(started.snapshot, facts))
  const edge = createEdgeHandshake({ folder, secretsDir, facts, started: started.snapshot })
  const deps = { ...given, ...examineDeps(config), edge, policiesDir }
  const policySwitch = new PolicySwitch(started, deps)
  const policies = createPolicies(policySwitch, deps)
  return { policySwitch, policies, watch: createWatch({ policiesDir, policySwitch, store, log }) }
}

/** What this installation adds to the files of a policy. */
export function examineDeps(config: Config): ExamineDeps {
  const facts = () => policyFacts(config)
  return config.portBase === undefined ? { facts } : { facts, ports: config.ports }
}
