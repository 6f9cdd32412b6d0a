/** True when `text` is what `glob` describes: `*` stands for any run of letters, everything else for itself. */
export function globMatches(glob: string, text: string): boolean {
  if (!glob.includes('*')) return glob === text // by far the most
  const [first = '', ...rest] = glob.split('*')
  const last = rest.pop() ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false
  let from = first.length
  for (const part of rest) {
    const at = text.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return from <= text.length - last.length
}

/** The names that `globs` describe, each once, in the order of `names`. Whole names are looked up: there may be hundreds of both. */
export function namesMatching(globs: readonly string[], names: Iterable<string>): readonly string[] {
  const whole = new Set(globs)
  const patterns = globs.filter(glob => glob.includes('*'))
  return [...names].filter(name => whole.has(name) || patterns.some(glob => globMatches(glob, name)))
}

/** `namesMatching` for who asks many times about the same names. */
export function namesFinder(names: Iterable<string>): (globs: readonly string[]) => readonly string[] {
  const all = [...new Set(names)]
  const places = new Map(all.map((name, place) => [name, place]))
  const placeOf = (name: string) => places.get(name) ?? 0
  return globs => {
    if (globs.some(glob => glob.includes('*'))) return namesMatching(globs, all)
    const known = [...new Set(globs)].filter(name => places.has(name))
    return known.sort((a, b) => placeOf(a) - placeOf(b))
  }
}
