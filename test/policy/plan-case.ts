import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { loadPolicy } from '../../app/policy/load.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { ALL_SECRETS, BASE } from './world.ts'

/** One file of test/cases/plan: documents before and after, beside the base documents, and what the plan says. */
export type PlanCase = {
  readonly name: string
  /** Instead of the spec of the base documents' PolicySet. */
  readonly set?: string
  readonly old?: string
  readonly new?: string
  /** What becomes of the base and of `old` where `new` is not written. */
  readonly change?: readonly { readonly for: string; readonly write: string }[]
  readonly tags?: readonly string[]
  /** Every line between the first and the summary. */
  readonly want: string
  readonly summary: string
  /** With --detailed-exitcode. */
  readonly exit: number
}

const USUAL_SET = '{ default: deny }'
const FOLDER = join(import.meta.dirname, '..', 'cases', 'plan')

export function readPlanCases(): readonly PlanCase[] {
  const names = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))
  return names.sort().map(file => ({
    ...(parse(readFileSync(join(FOLDER, file), 'utf8')) as Omit<PlanCase, 'name'>),
    name: file.replace('.yaml', ''),
  }))
}

/** Compiles policy documents; throws with the errors when there are some. */
export function compiled(...texts: readonly string[]): PolicySnapshot {
  const outcome = loadPolicy(
    texts.map((text, index) => ({ name: `${index}.yaml`, text })),
    { ...ALL_SECRETS, signature: 'unchecked' },
  )
  if (outcome.kind === 'loaded') return outcome.snapshot
  throw new Error(
    outcome.diagnostics.map(({ file, code, message }) => `${file} ${code} ${message}`).join('\n'),
  )
}

/** Both policies of a case, compiled. */
export function sidesOf({ set = USUAL_SET, old = '', new: to, change = [] }: PlanCase) {
  const base = BASE.replace(USUAL_SET, set)
  const changed = (text: string) =>
    change.reduce((before, { for: was, write }) => before.replaceAll(was, write), text)
  const after = [changed(base), to ?? changed(old)]
  return { from: compiled(...[base, old].filter(isWritten)), to: compiled(...after.filter(isWritten)) }
}

function isWritten(text: string): boolean {
  return text.trim() !== ''
}
