import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { PosternError } from '../../lib/error.ts'
import { compareVersions } from '../../lib/version.ts'

export type Part = 'node' | 'caddy' | 'baileys' | 'undici' | 'ws'

/** A published hole of something that Postern stands on. */
export type Hole = {
  readonly id: string
  readonly in: Part
  readonly what: string
  /** From a version (the first, when absent) until the one that is fixed. */
  readonly affected: readonly { readonly from?: string; readonly fixed: string }[]
  /** Where it was published. */
  readonly source: string
  /** Weighs as a failure when absent. */
  readonly verdict?: 'warn'
}

const PARTS: ReadonlySet<string> = new Set(['node', 'caddy', 'baileys', 'undici', 'ws'] satisfies Part[])
const FILE = join(import.meta.dirname, 'known-holes.yaml')

/** The holes that this version of Postern knows of. Throws PosternError `doctor.holes` for a list that says anything else. */
export function knownHoles(text = readFileSync(FILE, 'utf8')): readonly Hole[] {
  const list: unknown = parse(text, { schema: 'failsafe' })
  if (Array.isArray(list) && list.every(isHole)) return list
  throw new PosternError('doctor.holes', `${FILE} is no list of holes`)
}

/** Those that this version of a part has. */
export function holesOf(holes: readonly Hole[], part: Part, version: string): readonly Hole[] {
  return holes.filter(
    hole =>
      hole.in === part &&
      hole.affected.some(
        ({ from, fixed }) =>
          compareVersions(version, fixed) < 0 && (from === undefined || compareVersions(version, from) >= 0),
      ),
  )
}

function isHole(value: unknown): value is Hole {
  const hole = value as Partial<Hole> | null
  const isWord = (word: unknown) => typeof word === 'string' && word !== ''
  return (
    typeof hole === 'object' &&
    hole !== null &&
    isWord(hole.id) &&
    isWord(hole.what) &&
    PARTS.has(hole.in ?? '') &&
    /^https:\/\/\S+$/.test(hole.source ?? '') &&
    (hole.verdict === undefined || hole.verdict === 'warn') &&
    Array.isArray(hole.affected) &&
    hole.affected.length > 0 &&
    hole.affected.every(({ fixed }) => /^\d+\.\d+\.\d+/.test(fixed))
  )
}
