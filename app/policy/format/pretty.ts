import type { PolicyFile } from '../../model/policy-file.ts'
import { countOf, type Diagnostic, placeText, type Range } from '../diagnostic.ts'

/** For people: each with its line and a mark under it, then what it comes to. */
export function asPretty(
  diagnostics: readonly Diagnostic[],
  files: readonly PolicyFile[],
  inForce?: string,
): string {
  const excerpts = new Map(files.map(file => [file.name, linesOf(file, diagnostics)]))
  const texts = diagnostics.map(diagnostic => one(diagnostic, excerpts.get(diagnostic.file) ?? []))
  return [...texts, summary(diagnostics, files, inForce)].join('\n\n')
}

function one(diagnostic: Diagnostic, lines: readonly string[]): string {
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
