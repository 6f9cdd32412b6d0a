/** One line of `doctor`. A remedy stands beside everything that is not well. */
export type Verdict = {
  readonly check: string
  readonly verdict: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly remedy?: string
}

/** The findings of a check, or that all is well with what it looked at. */
export function orWell(findings: readonly Verdict[], check: string, detail: string): readonly Verdict[] {
  return findings.length > 0 ? findings : [{ check, verdict: 'ok', detail }]
}

/** Paths as a shell takes them. */
export function forShell(paths: readonly string[]): string {
  return paths
    .map(path => (/^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`))
    .join(' ')
}
