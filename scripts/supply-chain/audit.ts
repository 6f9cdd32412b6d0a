/** What the registry said about known holes of the packages. */
export type Audit =
  | { readonly kind: 'clean' }
  | { readonly kind: 'holes'; readonly packages: readonly string[] }
  | { readonly kind: 'no-answer'; readonly reason: string }

type Report = {
  readonly auditReportVersion?: number
  readonly message?: string
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>
}

/** Reads what `npm audit --json` printed, whatever its exit code: it is 1 for holes and for a registry without advisories alike. */
export function readAudit(printed: string): Audit {
  const report = parse(printed)
  if (report?.auditReportVersion === undefined || report.vulnerabilities === undefined) {
    return { kind: 'no-answer', reason: report?.message ?? 'npm printed no report' }
  }
  const packages = Object.entries(report.vulnerabilities).map(
    ([name, { severity }]) => `${name} (${severity})`,
  )
  return packages.length === 0 ? { kind: 'clean' } : { kind: 'holes', packages }
}

function parse(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report
  } catch {
    return undefined
  }
}
