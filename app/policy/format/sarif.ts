import { CODES, type Code } from '../codes.ts'
import type { Diagnostic } from '../diagnostic.ts'

/** SARIF 2.1.0 (OASIS), one run. Columns count UTF-16 units, as ours do; ends lie behind the last unit, as ours do. */
export function asSarif(diagnostics: readonly Diagnostic[], folder: string): string {
  const told = [...new Set(diagnostics.map(({ code }) => code))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'postern policy check', rules: told.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map(diagnostic => resultOf(diagnostic, folder, told)),
      },
    ],
  }
  return JSON.stringify(log, null, 2)
}

function ruleOf(code: Code) {
  const { title, explanation } = CODES[code]
  return { id: code, shortDescription: { text: title }, fullDescription: { text: explanation } }
}

function resultOf(diagnostic: Diagnostic, folder: string, told: readonly Code[]) {
  const { severity, code, message, file, range, hint, effect } = diagnostic
  const more = [hint === undefined ? '' : ` (${hint})`, effect === undefined ? '' : ` Effect: ${effect}.`]
  const region = range && {
    region: {
      startLine: range.start.line,
      startColumn: range.start.column,
      endLine: range.end.line,
      endColumn: range.end.column,
    },
  }
  const uri = [folder, ...(file === '.' ? [] : [file])].join('/').split('/').map(encodeURIComponent).join('/')
  return {
    ruleId: code,
    ruleIndex: told.indexOf(code),
    level: severity,
    message: { text: `${message}${more.join('')}` },
    locations: [{ physicalLocation: { artifactLocation: { uri }, ...region } }],
  }
}
