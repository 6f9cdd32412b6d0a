import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SIGNATURE_FILE } from '../model/policy-file.ts'
import type { Config } from './config.ts'
import { readSecret, type SecretState, secretState } from './secrets.ts'

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
