import type { PolicyFile } from '../model/policy-file.ts'
import type { Code } from './codes.ts'

/** Line and column count from 1, the offset from 0, all in UTF-16 units as editors count. */
export type Position = { readonly line: number; readonly column: number; readonly offset: number }
export type Range = { readonly start: Position; readonly end: Position }

/** One fault of the policy files, or a warning about them. */
export type Diagnostic = {
  readonly severity: 'error' | 'warning'
  readonly code: Code
  readonly message: string
  /** Name of the policy file, or `.` for what concerns the folder. */
  readonly file: string
  /** Absent when no one place is wrong, such as for a kind that is missing. */
  readonly range?: Range
  /** A few words beside the mark under the line. */
  readonly label?: string
  readonly hint?: string
  /** What would happen if it were loaded all the same. */
  readonly effect?: string
  /** The range holds a secret: it is never shown. */
  readonly concealed?: true
}

export type DiagnosticFormat = 'pretty' | 'plain' | 'json'
export const DIAGNOSTIC_FORMATS: readonly DiagnosticFormat[] = ['pretty', 'plain', 'json']

/** Sorts by file and place. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted(
    (a, b) =>
      compare(a.file, b.file) ||
      (a.range?.start.offset ?? -1) - (b.range?.start.offset ?? -1) ||
      compare(a.code, b.code),
  )
}

/**
 * All diagnostics as one text: `pretty` for people, `plain` one line each (`file:line:col: error: PS-2107: …`),
 * `json` for machines. `inForce` is the revision that stays in force, when an appliance is running.
 */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  files: readonly PolicyFile[],
  format: DiagnosticFormat,
  inForce?: string,
): string {
  if (format === 'json') return asJson(diagnostics, files, inForce)
  if (format === 'plain') return diagnostics.map(asPlain).join('\n')
  const excerpts = new Map(files.map(file => [file.name, linesOf(file, diagnostics)]))
  const texts = diagnostics.map(diagnostic => asPretty(diagnostic, excerpts.get(diagnostic.file) ?? []))
  return [...texts, summary(diagnostics, files, inForce)].join('\n\n')
}

function asPlain(diagnostic: Diagnostic): string {
  const { code, severity, message, hint } = diagnostic
  return `${placeText(diagnostic)}: ${severity}: ${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`
}

function asPretty(diagnostic: Diagnostic, lines: readonly string[]): string {
  const { range, hint, effect } = diagnostic
  const text = [`${diagnostic.severity}[${diagnostic.code}]: ${diagnostic.message}`]
  const margin = ' '.repeat(String(range?.start.line ?? 1).length)
  text.push(`${margin}--> ${placeText(diagnostic)}`)
  if (range !== undefined) text.push(...excerpt(diagnostic, range, lines))
  if (hint !== undefined) text.push(`${margin} = hint: ${hint}`)
  if (effect !== undefined) text.push(`${margin} = effect: ${effect}`)
  return text.join('\n')
}

function excerpt(diagnostic: Diagnostic, { start, end }: Range, lines: readonly string[]): readonly string[] {
  const margin = ' '.repeat(String(start.line).length)
  const line = lines[start.line - 1] ?? ''
  const last = end.line === start.line ? end.column : line.length + 1
  const marks = '^'.repeat(Math.max(1, Math.min(last, line.length + 1) - start.column))
  const label = diagnostic.label === undefined ? '' : ` ${diagnostic.label}`
  return [
    `${margin} |`,
    `${start.line} | ${line}`,
    `${margin} | ${' '.repeat(start.column - 1)}${marks}${label}`,
  ]
}

/** The lines of a file with every secret that was found in it overwritten. */
function linesOf(file: PolicyFile, diagnostics: readonly Diagnostic[]): readonly string[] {
  let text = file.text
  for (const { concealed, range, file: name } of diagnostics) {
    if (concealed !== true || range === undefined || name !== file.name) continue
    const { start, end } = range
    const hidden = text.slice(start.offset, end.offset).replace(/[^\r\n]/g, '*')
    text = text.slice(0, start.offset) + hidden + text.slice(end.offset)
  }
  return text.split(/\r\n|\n|\r/)
}

function summary(diagnostics: readonly Diagnostic[], files: readonly PolicyFile[], inForce?: string): string {
  const errors = countOf(diagnostics, 'error')
  const found = [`${errors} error${errors === 1 ? '' : 's'}`]
  const warnings = countOf(diagnostics, 'warning')
  if (warnings > 0) found.push(`${warnings} warning${warnings === 1 ? '' : 's'}`)
  const where = `${found.join(', ')} in ${files.length} file${files.length === 1 ? '' : 's'}.`
  if (errors === 0) return where
  const stays = inForce === undefined ? '' : `; the policy in force is still ${inForce}`
  return `${where} Nothing was loaded${stays}.`
}

function asJson(diagnostics: readonly Diagnostic[], files: readonly PolicyFile[], inForce?: string): string {
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

function placeText({ file, range }: Diagnostic): string {
  return range === undefined ? file : `${file}:${range.start.line}:${range.start.column}`
}

function countOf(diagnostics: readonly Diagnostic[], severity: Diagnostic['severity']): number {
  return diagnostics.filter(diagnostic => diagnostic.severity === severity).length
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
