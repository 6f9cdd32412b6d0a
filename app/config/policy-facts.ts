import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SIGNATURE_FILE } from '../model/policy-file.ts'
import type { Config } from './config.ts'
import { isExposed, readSecret, type SecretState, secretState } from './secrets.ts'

/** What a policy is judged by beside its files: the secrets it names, and its signature. */
export function policyFacts({ policiesDir, secretsDir }: Pick<Config, 'policiesDir' | 'secretsDir'>) {
  const path = join(policiesDir, SIGNATURE_FILE)
  return {
    secretState: (ref: string): SecretState => secretState(secretsDir, ref),
    signature: {
      text: existsSync(path) ? readFileSync(path, 'utf8') : undefined,
      keysOf: (ref: string): string | undefined =>
        secretState(secretsDir, ref) === 'ok' ? readSecret(secretsDir, ref).reveal().toString() : undefined,
    },
  }
}

/** The same for somebody who reads warnings. */
export function lintFacts(config: Pick<Config, 'policiesDir' | 'secretsDir'>, lintAt: Date) {
  const { secretsDir } = config
  const facts = policyFacts(config)
  const state = (ref: string) => (isExposed(secretsDir, ref) ? 'exposed' : facts.secretState(ref))
  return { ...facts, lintAt, secretState: state }
}
