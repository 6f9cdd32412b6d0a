import type { Config } from '../../config/config.ts'
import { policyFacts } from '../../config/policy-facts.ts'
import type { MovedPorts } from '../../policy/move-ports.ts'
import type { ExamineDeps } from './examine.ts'

/** What this installation adds to the files of a policy, as plain data: where its secrets lie, and its ports where sites are moved. */
export type Installation = Pick<Config, 'policiesDir' | 'secretsDir'> & { readonly ports?: MovedPorts }

export function installationOf({ policiesDir, secretsDir, portBase, ports }: Config): Installation {
  return { policiesDir, secretsDir, ...(portBase === undefined ? {} : { ports }) }
}

/** The same for who examines on this thread. */
export function examineDeps(config: Config): ExamineDeps {
  const { ports } = installationOf(config)
  return { facts: () => policyFacts(config), ...(ports && { ports }) }
}
