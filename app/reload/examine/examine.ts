import type { PolicyFile } from '../../model/policy-file.ts'
import { type Diagnostic, placeText } from '../../policy/diagnostic.ts'
import { policyDigest } from '../../policy/digest.ts'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { loadPolicy, type PolicyFacts } from '../../policy/load.ts'
import { type MovedPorts, movePorts } from '../../policy/move-ports.ts'
import type { ReadFiles } from '../../policy/shape/read-files.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import { unmetDemands } from '../../policy/tests/demands.ts'
import type { FirstFault } from '../activation.ts'

export type ExamineDeps = {
  /** Asked each time: secrets come and go, and so does the signature beside the files. */
  readonly facts: () => PolicyFacts
  /** Set where the sites of the policy lie on other ports. */
  readonly ports?: MovedPorts
  /** Of somebody who examines again and again, and remembers what was read. */
  readonly readAll?: ReadFiles
}

/** How files are looked at: for whom, and what is in force meanwhile, for the report. */
export type Manner = {
  readonly inForce?: string
  /**
   * `return`: they were kept in the store, and their signature was checked when they came into force; the one that lies in the
   * folder is of others. `reading`: nothing is put in force, so that neither secrets nor tests matter. Else everything does.
   */
  readonly of?: 'return' | 'reading'
}

export type Examined =
  | { readonly kind: 'good'; readonly snapshot: PolicySnapshot }
  | {
      readonly kind: 'bad'
      readonly at: 'check' | 'tests'
      readonly digest: string
      readonly first: FirstFault
      readonly report: string
    }

/** Everything that can be asked of a policy before anything happens: syntax, members, references, secrets, signature, its own tests. */
export function examine(files: readonly PolicyFile[], deps: ExamineDeps & Manner): Examined {
  const loaded = loadPolicy(files, factsFor(deps), deps.readAll)
  if (loaded.kind === 'rejected') return bad('check', loaded.diagnostics)
  const unmet = deps.of === 'reading' ? [] : unmetDemands(loaded.snapshot, loaded.tests)
  if (unmet.length > 0) return bad('tests', unmet)
  return { kind: 'good', snapshot: movePorts(loaded.snapshot, deps.ports) }

  function bad(at: 'check' | 'tests', diagnostics: readonly Diagnostic[]): Examined {
    const { inForce } = deps
    const report = formatDiagnostics(diagnostics, {
      format: 'pretty',
      files,
      ...(inForce === undefined ? {} : { inForce }),
    })
    return { kind: 'bad', at, digest: policyDigest(files), first: firstOf(diagnostics), report }
  }
}

function factsFor({ facts, of }: ExamineDeps & Manner): PolicyFacts {
  if (of === 'reading') return { secretState: () => 'ok', signature: 'unchecked' }
  return of === 'return' ? { ...facts(), signature: 'unchecked' } : facts()
}

function firstOf(diagnostics: readonly Diagnostic[]): FirstFault {
  const first = diagnostics.find(({ severity }) => severity === 'error')
  if (first === undefined) return { message: 'no reason given' }
  return { code: first.code, place: placeText(first), message: first.message }
}
