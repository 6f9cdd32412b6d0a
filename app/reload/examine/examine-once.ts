import type { PolicyFile } from '../../model/policy-file.ts'
import { compileAccepted } from '../../policy/accepted.ts'
import { policyDigest } from '../../policy/digest.ts'
import { movePorts } from '../../policy/move-ports.ts'
import type { ExamineDeps, Examined, Manner } from './examine.ts'
import { witnessed } from './findings.ts'
import type { Recollection } from './recollection.ts'

/** Examines like `examine`, unless these files were found good before and nothing that counts has changed since. */
export async function examineOnce(
  files: readonly PolicyFile[],
  { recollection, ...deps }: ExamineDeps & Manner & { readonly recollection?: Recollection },
): Promise<Examined> {
  if (recollection === undefined) return inFull(files, deps)
  const looked = { digest: policyDigest(files), of: deps.of }
  const isKnown = await recollection.recalls(looked, deps.facts())
  const accepted = isKnown ? compileAccepted(files) : undefined
  if (accepted !== undefined) return { kind: 'good', snapshot: movePorts(accepted, deps.ports) }
  const { facts, findings } = witnessed(deps.facts())
  const examined = await inFull(files, { ...deps, facts: () => facts })
  if (examined.kind === 'good') await recollection.remember(looked, findings)
  return examined
}

/** Its modules are loaded when they are needed, which at most starts they are not. */
async function inFull(files: readonly PolicyFile[], deps: ExamineDeps & Manner): Promise<Examined> {
  const { examine } = await import('./examine.ts')
  return examine(files, deps)
}
