import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type LoadOutcome, loadPolicy } from '../../app/policy/load.ts'
import { BASE } from './world.ts'

/** One file of test/cases/policy: documents with a mistake, what is said of it, and how it would be right. */
export type PolicyCase = {
  readonly name: string
  /** Instead of the usual base documents. */
  readonly base?: string
  readonly files: Readonly<Record<string, string>>
  /** Secrets that are not simply there. */
  readonly secrets?: Readonly<Record<string, 'exposed' | 'missing' | 'unreadable'>>
  /** Every diagnostic in the format `plain`. */
  readonly want: readonly string[]
  /** What to write instead, for the allowed twin: then nothing is wrong. */
  readonly allowed?: readonly { readonly for: string; readonly write: string }[]
}

/** What day it is in all of them. */
const LINT_AT = new Date('2026-11-26T12:00:00Z')
const FOLDER = join(import.meta.dirname, '..', 'cases', 'policy')

export function readCases(): readonly PolicyCase[] {
  const names = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))
  return names.sort().map(file => ({
    ...(parse(readFileSync(join(FOLDER, file), 'utf8')) as Omit<PolicyCase, 'name'>),
    name: file.replace('.yaml', ''),
  }))
}

export function filesOf({ base, files }: PolicyCase): readonly { name: string; text: string }[] {
  return Object.entries({ 'base.yaml': base ?? BASE, ...files }).map(([name, text]) => ({ name, text }))
}

export function loadCase(policyCase: PolicyCase): LoadOutcome {
  const secretState = (ref: string) => policyCase.secrets?.[ref] ?? 'ok'
  return loadPolicy(filesOf(policyCase), { secretState, lintAt: LINT_AT })
}

/** The same case with the mistake put right. */
export function allowedTwin(policyCase: PolicyCase): PolicyCase {
  const right = (text: string) =>
    (policyCase.allowed ?? []).reduce(
      (before, { for: wrong, write }) => before.replaceAll(wrong, write),
      text,
    )
  const files = Object.entries(policyCase.files).map(([name, text]) => [name, right(text)])
  return { ...policyCase, files: Object.fromEntries(files) }
}
