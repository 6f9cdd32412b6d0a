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

/** Sorts by file and place. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted(
    (a, b) =>
      compare(a.file, b.file) ||
      (a.range?.start.offset ?? -1) - (b.range?.start.offset ?? -1) ||
      compare(a.code, b.code),
  )
}

/** `access.yaml:14:18`, or the name alone of a file that is wrong as a whole. */
export function placeText({ file, range }: Diagnostic): string {
  return range === undefined ? file : `${file}:${range.start.line}:${range.start.column}`
}

export function countOf(diagnostics: readonly Diagnostic[], severity: Diagnostic['severity']): number {
  return diagnostics.filter(diagnostic => diagnostic.severity === severity).length
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
