/** Below 0 when `one` is older than `other`, as semver.org orders them; missing numbers are 0, and a leading v does not count. */
export function compareVersions(one: string, other: string): number {
  const [mine, theirs] = [parse(one), parse(other)]
  return byParts(mine.numbers, theirs.numbers, 0) || byPrerelease(mine.prerelease, theirs.prerelease)
}

type Parts = readonly (number | string)[]

function parse(version: string): { numbers: Parts; prerelease: Parts } {
  const [, numbers = '', prerelease = ''] = /^v?([\d.]+)(?:-([^+]+))?/.exec(version) ?? []
  return {
    numbers: numbers.split('.').map(Number),
    prerelease: prerelease === '' ? [] : prerelease.split('.').map(part),
  }
}

function part(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text
}

/** What comes before a release is older than it; a longer row of the same beginning is newer. */
function byPrerelease(mine: Parts, theirs: Parts): number {
  if (mine.length === 0 || theirs.length === 0) return theirs.length - mine.length
  return byParts(mine, theirs, undefined)
}

function byParts(mine: Parts, theirs: Parts, missing: number | undefined): number {
  for (let n = 0; n < Math.max(mine.length, theirs.length); n++) {
    const order = byPart(mine[n] ?? missing, theirs[n] ?? missing)
    if (order !== 0) return order
  }
  return 0
}

/** Nothing comes before numbers, numbers before words. */
function byPart(mine: number | string | undefined, theirs: number | string | undefined): number {
  if (typeof mine === 'number' && typeof theirs === 'number') return mine - theirs
  if (typeof mine === 'string' && typeof theirs === 'string')
    return mine < theirs ? -1 : Number(mine > theirs)
  return rank(mine) - rank(theirs)
}

function rank(value: number | string | undefined): number {
  return value === undefined ? 0 : typeof value === 'number' ? 1 : 2
}
