import type { PolicyFile } from '../model/policy-file.ts'
import { compileSnapshot } from './compile/snapshot.ts'
import { policyDigest } from './digest.ts'
import { readYaml } from './read/yaml.ts'
import type { PolicySnapshot } from './snapshot.ts'

/**
 * Reads and compiles files that this very program has found good before: of what `loadPolicy` does, all that makes the
 * snapshot and nothing that asks whether it may be. Undefined when they are not even YAML, so that they cannot be those.
 */
export function compileAccepted(files: readonly PolicyFile[]): PolicySnapshot | undefined {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const read = sorted.map(readYaml)
  if (read.some(({ diagnostics }) => diagnostics.length > 0)) return undefined
  return compileSnapshot(
    read.flatMap(({ documents }) => documents),
    policyDigest(sorted),
  )
}
