import type { Diagnostic } from '../diagnostic.ts'

/**
 * Workflow commands that GitHub Actions turns into annotations of the files of a pull request: one line each,
 * `::error file=…,line=…,col=…,title=PS-2107::message`. A message and a property escape different characters.
 */
export function asGithub(diagnostics: readonly Diagnostic[], folder: string): string {
  return diagnostics.map(diagnostic => command(diagnostic, folder)).join('\n')
}

function command(diagnostic: Diagnostic, folder: string): string {
  const { severity, code, message, file, range, hint, effect } = diagnostic
  const properties = {
    file: file === '.' ? folder : `${folder}/${file}`,
    ...(range && { line: range.start.line, col: range.start.column, ...endOf(range) }),
    title: code,
  }
  const said = Object.entries(properties).map(([name, value]) => `${name}=${property(String(value))}`)
  const lines = [
    message,
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
    ...(effect === undefined ? [] : [`effect: ${effect}`]),
  ]
  return `::${severity} ${said.join(',')}::${data(lines.join('\n'))}`
}

/** An end column counts only within one line. */
function endOf({ start, end }: NonNullable<Diagnostic['range']>): { endLine: number; endColumn?: number } {
  return start.line === end.line ? { endLine: end.line, endColumn: end.column } : { endLine: end.line }
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
