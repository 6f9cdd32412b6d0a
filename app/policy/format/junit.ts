import type { PolicyFile } from '../../model/policy-file.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { asPlain } from './plain.ts'

/**
 * JUnit XML as Jenkins and GitLab read it: a test case for each file, one more for the folder where something is wrong with
 * it as a whole. An error is a failure of its file; a warning stands in the file's output and fails nothing.
 */
export function asJunit(diagnostics: readonly Diagnostic[], files: readonly PolicyFile[]): string {
  const names = [
    ...new Set([...files.map(({ name }) => name), ...diagnostics.map(({ file }) => file)]),
  ].sort()
  const cases = names.map(name =>
    caseOf(
      name,
      diagnostics.filter(({ file }) => file === name),
    ),
  )
  const failed = names.filter(name =>
    diagnostics.some(({ file, severity }) => file === name && severity === 'error'),
  )
  const counts = `tests="${names.length}" failures="${failed.length}" errors="0"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="postern policy check" ${counts}>`,
    `  <testsuite name="policies" ${counts} skipped="0">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')
}

function caseOf(file: string, found: readonly Diagnostic[]): string {
  const open = `    <testcase name="${xmlText(file)}" classname="policy.check"`
  if (found.length === 0) return `${open}/>`
  const errors = found.filter(({ severity }) => severity === 'error')
  const warnings = found.filter(({ severity }) => severity === 'warning')
  const [first] = errors
  const lines = [`${open}>`]
  if (first !== undefined) {
    const message =
      errors.length === 1 ? first.message : `${errors.length} errors, the first: ${first.message}`
    lines.push(`      <failure type="${first.code}" message="${xmlText(message)}">${text(errors)}</failure>`)
  }
  if (warnings.length > 0) lines.push(`      <system-out>${text(warnings)}</system-out>`)
  return [...lines, '    </testcase>'].join('\n')
}

function text(found: readonly Diagnostic[]): string {
  return xmlText(asPlain(found))
}

/** XML 1.0 has no way to write most control characters, not even escaped. */
function xmlText(words: string): string {
  return words
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
