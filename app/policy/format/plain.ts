import { type Diagnostic, placeText } from '../diagnostic.ts'

/** One line each: `file:line:col: error: PS-2107: …`. */
export function asPlain(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(line).join('\n')
}

function line(diagnostic: Diagnostic): string {
  const { code, severity, message, hint } = diagnostic
  return `${placeText(diagnostic)}: ${severity}: ${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`
}
