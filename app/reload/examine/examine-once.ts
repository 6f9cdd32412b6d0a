import type { PolicyFile } from '../../model/policy-file.ts'
import { compileAccepted } from '../../policy/accepted.ts'
import { policyDigest } from '../../policy/digest.ts'
import { type ExamineDeps, type Examined, examine, good, type Manner } from './examine.ts'
import { witnessed } from './findings.ts'
import type { Recollection } from './recollection.ts'

/** Examines like `examine`, unless these files were found good before and nothing that counts has changed since. */
export async function examineOnce(
  files: readonly PolicyFile[],
  { recollection, ...deps }: ExamineDeps & Manner & { readonly recollection?: Recollection },
): Promise<Examined> {
  if (recollection === undefined) return examine(files, deps)
  const looked = { digest: policyDigest(files), of: deps.of }
  const isKnown = await recollection.recalls(looked, deps.facts())
  const accepted = isKnown ? compileAccepted(files) : undefined
  if (accepted !== undefined) return good(accepted, deps)
  const { facts, findings } = witnessed(deps.facts())
  const examined = examine(files, { ...deps, facts: () => facts })
  if (examined.kind === 'good') await recollection.remember(looked, findings)
  return examined
}
