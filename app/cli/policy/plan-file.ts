import { readFile } from 'node:fs/promises'
import { PosternError, reasonOf } from '../../lib/error.ts'

/** What applying needs of a file that `policy plan -o` wrote. */
export type PlanFile = { readonly old: string; readonly new: string; readonly tags: readonly string[] }

/** Throws PosternError `policy.plan` for anything that is no such file. */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const found = await parsed(path)
  const [old, to] = [digestIn(found, 'old'), digestIn(found, 'new')]
  const tags = memberOf(found, 'tags')
  if (memberOf(found, 'format') !== 'postern-plan/v1' || old === undefined || to === undefined)
    throw new PosternError('policy.plan', `${path} is no plan of this version: write one with plan -o`)
  return { old, new: to, tags: Array.isArray(tags) ? tags.map(String) : [] }
}

async function parsed(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new PosternError('policy.plan', `${path} cannot be read as a plan: ${reasonOf(cause)}`, { cause })
  }
}

function digestIn(plan: unknown, side: 'old' | 'new'): string | undefined {
  const digest = memberOf(memberOf(plan, side), 'digest')
  return typeof digest === 'string' ? digest : undefined
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}
