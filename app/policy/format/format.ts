import type { PolicyFile } from '../../model/policy-file.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { asGithub } from './github.ts'
import { asJson } from './json.ts'
import { asJunit } from './junit.ts'
import { asPlain } from './plain.ts'
import { asPretty } from './pretty.ts'
import { asSarif } from './sarif.ts'

export const DIAGNOSTIC_FORMATS = ['pretty', 'plain', 'json', 'github', 'sarif', 'junit'] as const
export type DiagnosticFormat = (typeof DIAGNOSTIC_FORMATS)[number]

export type FormatOptions = {
  readonly format: DiagnosticFormat
  readonly files: readonly PolicyFile[]
  /** The revision that stays in force, when an appliance is running. */
  readonly inForce?: string
  /** The policy folder as the repository names it: where `github` and `sarif` look for the files. */
  readonly folder?: string
}

/** All diagnostics as one text. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatOptions): string {
  const { format, files, inForce, folder = 'policies' } = options
  switch (format) {
    case 'pretty':
      return asPretty(diagnostics, files, inForce)
    case 'plain':
      return asPlain(diagnostics)
    case 'json':
      return asJson(diagnostics, files, inForce)
    case 'github':
      return asGithub(diagnostics, folder)
    case 'sarif':
      return asSarif(diagnostics, folder)
    case 'junit':
      return asJunit(diagnostics, files)
  }
}
