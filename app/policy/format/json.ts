import type { PolicyFile } from '../../model/policy-file.ts'
import { countOf, type Diagnostic } from '../diagnostic.ts'

/** For machines: a versioned list with ranges, in the manner of `terraform validate -json`. */
export function asJson(
  diagnostics: readonly Diagnostic[],
  files: readonly PolicyFile[],
  inForce?: string,
): string {
  const errors = countOf(diagnostics, 'error')
  const report = {
    format_version: '1.0',
    valid: errors === 0,
    error_count: errors,
    warning_count: countOf(diagnostics, 'warning'),
    file_count: files.length,
    ...(inForce === undefined ? {} : { policy_in_force: inForce }),
    diagnostics: diagnostics.map(({ severity, code, message, file, range, hint, effect }) => ({
      severity,
      code,
      message,
      file,
      ...(range && { range }),
      ...(hint !== undefined && { hint }),
      ...(effect !== undefined && { effect }),
    })),
  }
  return JSON.stringify(report, null, 2)
}
