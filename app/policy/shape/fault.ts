import type { Code } from '../codes.ts'
import type { Diagnostic } from '../diagnostic.ts'
import type { Path, PolicyDocument } from '../read/document.ts'

/** A fault of one document, before it has a line and a column. */
export type Fault = {
  readonly code: Code
  readonly message: string
  readonly path: Path
  /** What is marked: the value, or the key it stands under. */
  readonly at: 'value' | 'key'
  /** The member that is not there. */
  readonly missing?: string
  /** The member that was most likely meant. */
  readonly meant?: string
  readonly label?: string
  readonly hint?: string
  readonly effect?: string
  readonly concealed?: true
  readonly severity?: 'warning'
  /** Of several faults at one place the lowest is told. */
  readonly rank?: number
}

/** Gives a fault its line and column. */
export function diagnosticOf(document: PolicyDocument, fault: Fault): Diagnostic {
  const { code, message, path, at, label, hint, effect, concealed } = fault
  return {
    severity: fault.severity ?? 'error',
    code,
    message,
    file: document.file,
    range: document.rangeOf(path, at),
    ...(label !== undefined && { label }),
    ...(hint !== undefined && { hint }),
    ...(effect !== undefined && { effect }),
    ...(concealed && { concealed }),
  }
}
