import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Comparison } from '../check/compare.ts'

/** What one layer of the rig has shown, as its test leaves it for the report. */
export type Finding = {
  /** Its letter in README.md. */
  readonly layer: string
  readonly title: string
  /** What was done how often: "30 kills at 50 messages a second each way". */
  readonly load: string
  /** One line of figures for each promise that was checked. */
  readonly promises: readonly {
    readonly name: string
    readonly count: number
    readonly lost: number
    readonly repeats: number
  }[]
  /** Milliseconds from each kill to the first answer, and to the account being open. */
  readonly recovery?: { readonly acceptingMs: readonly number[]; readonly openMs: readonly number[] }
  readonly notes?: readonly string[]
}

/** The figures of comparisons, those of one name added up. */
export function promisesOf(comparisons: readonly Comparison[]): Finding['promises'] {
  const sums = new Map<string, { name: string; count: number; lost: number; repeats: number }>()
  for (const { name, count, lost, repeats } of comparisons) {
    const sum = sums.get(name) ?? { name, count: 0, lost: 0, repeats: 0 }
    sums.set(name, {
      name,
      count: sum.count + count,
      lost: sum.lost + lost.length,
      repeats: sum.repeats + repeats,
    })
  }
  return [...sums.values()]
}

/** Leaves it for `./postern test rig --report FILE`; nothing without a report to be written. */
export function tellReport(finding: Finding): void {
  const folder = process.env.TEST_REPORT_FOLDER
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  const name = `${finding.layer}-${finding.title.replaceAll(/\W+/g, '-')}.json`
  writeFileSync(join(folder, name), JSON.stringify(finding))
}
