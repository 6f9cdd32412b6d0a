import { existsSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A file with what decides who gets at it. A link counts as what it leads to. */
export type Found = {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly isFolder: boolean
}

const PASSED_BY_OTHERS = 0o001
const FOR_OTHERS = 0o007
/** More is no certificate. */
const PEM_AT_MOST_BYTES = 1_048_576

/** Every file below a folder, and the folder itself first; none when it is not there. */
export function filesBelow(folder: string): readonly Found[] {
  if (!existsSync(folder)) return []
  return [found(folder, statSync(folder)), ...within(folder)]
}

/** One file, as `filesBelow` tells of it; none when it is not there. */
export function fileAt(path: string | undefined): readonly Found[] {
  return path === undefined || !existsSync(path) ? [] : [found(path, statSync(path))]
}

/** Whether those bits of the mode are of use to every user of the machine: a folder above that others may not pass takes them away. */
export function isOpenToAll({ path, mode }: Found, bits: number): boolean {
  if ((mode & bits & FOR_OTHERS) === 0) return false
  for (let here = realpathSync(path); dirname(here) !== here; ) {
    here = dirname(here)
    if ((statSync(here).mode & PASSED_BY_OTHERS) === 0) return false
  }
  return true
}

/** Certificates without a key: whoever reads them learns nothing. What this user cannot read counts as a secret. */
export function isPublic({ path }: Found): boolean {
  try {
    if (statSync(path).size > PEM_AT_MOST_BYTES) return false
    const text = readFileSync(path, 'latin1')
    return text.includes('-----BEGIN CERTIFICATE-----') && !text.includes('PRIVATE KEY')
  } catch {
    return false
  }
}

function within(folder: string): readonly Found[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(path)
      const what = statSync(path, { throwIfNoEntry: false }) // a link may lead nowhere
      return what?.isFile() ? [found(path, what)] : []
    })
}

function found(path: string, what: Stats): Found {
  return { path, mode: what.mode & 0o7777, uid: what.uid, isFolder: what.isDirectory() }
}
