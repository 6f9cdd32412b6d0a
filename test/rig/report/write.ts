import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bound, percentile } from '../check/statistics.ts'
import type { Finding } from './finding.ts'

/** The findings that the tests left in a folder, by layer. */
export function readFindings(folder: string): readonly Finding[] {
  const files = readdirSync(folder).filter(name => name.endsWith('.json'))
  return files.sort().map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Finding)
}

/** The report as Markdown. `verdict` is the runner's count of tests. */
export function renderReport(findings: readonly Finding[], verdict: string): string {
  const sections = findings.map(({ layer, title, load, promises, recovery, notes = [] }) => {
    const rows = promises.map(
      ({ name, count, lost, repeats }) =>
        `| ${name} | ${count} | ${lost} | ${repeats} | ${bound(lost, count)} |`,
    )
    const table = [
      '| promise | N | lost | repeats, same id | bound |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
    ]
    return [
      `## ${layer}: ${title}`,
      '',
      load,
      '',
      ...(rows.length > 0 ? [...table, ''] : []),
      ...(recovery === undefined ? [] : [...recoveryLines(recovery), '']),
      ...notes.flatMap(note => [`- ${note}`]),
      ...(notes.length > 0 ? [''] : []),
    ].join('\n')
  })
  return [`# Nothing lost: what the rig has shown`, '', `Tests: ${verdict}.`, '', ...sections].join('\n')
}

function recoveryLines({ acceptingMs, openMs }: NonNullable<Finding['recovery']>): string[] {
  const row = (name: string, samples: readonly number[]) =>
    `| ${name} | ${samples.length} | ${ms(samples, 50)} | ${ms(samples, 99)} | ${ms(samples, 100)} |`
  return [
    '| from the kill to | samples | p50 | p99 | longest |',
    '| --- | --- | --- | --- | --- |',
    row('the first answer of the api', acceptingMs),
    row('the account open again', openMs),
  ]
}

function ms(samples: readonly number[], percent: number): string {
  const value = percentile(samples, percent)
  return value === undefined ? '–' : `${Math.round(value)} ms`
}
