import type { Config } from '../../config/config.ts'
import { readPolicyFolder } from '../../config/policy-folder.ts'
import { PosternError } from '../../lib/error.ts'
import type { PolicyFile } from '../../model/policy-file.ts'
import { type LoadOutcome, loadPolicy, type PolicyFacts } from '../../policy/load.ts'

export type PolicyFlags = { readonly policies?: string; readonly data?: string }

/** Reads the configuration; ends the process itself when the environment is faulty. */
export type Configure = (flags: PolicyFlags) => Config

/** Exit codes of policy.md section 3. */
export const USAGE = 2
export const CHECK_FAILED = 3
export const TESTS_FAILED = 4
export const BLOCKED = 6
export const SIGNATURE_FAILED = 7
export const DRIFT = 5
/** Another policy is in force, or lies in the folder, than the plan was made from. */
export const STALE = 8
/** What was refused or gone back from before is not tried again. */
export const REVERTED = 9

/** For what is only looked at: its secrets and keys may be elsewhere. */
export const WITHOUT_SECRETS: PolicyFacts = { secretState: () => 'ok', signature: 'unchecked' }

export type PolicyOnDisk = {
  readonly config: Config
  readonly files: readonly PolicyFile[]
  readonly loaded: LoadOutcome
}

/**
 * Reads and checks the policy folder; says so and answers undefined when it cannot be read at all. What is only asked how it
 * would decide needs no secrets, so that a pipeline without them can ask.
 */
export async function readPolicies(
  flags: PolicyFlags,
  configure: Configure,
  factsOf: (config: Config) => PolicyFacts = () => WITHOUT_SECRETS,
): Promise<PolicyOnDisk | undefined> {
  const config = configure(flags.policies === undefined ? {} : { policies: flags.policies })
  try {
    const files = await readPolicyFolder(config.policiesDir)
    return { config, files, loaded: loadPolicy(files, factsOf(config)) }
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    console.error(`postern: ${error.message}`)
    return undefined
  }
}

/** For options that may be given again. */
export function collect(name: string, before: readonly string[]): readonly string[] {
  return [...before, name]
}
