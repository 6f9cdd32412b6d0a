import { type LoadOutcome, loadPolicy, type PolicyFacts } from '../../app/policy/load.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'

/** The least that a policy set needs around the document that a test is about. */
export const BASE = `kind: PolicySet
metadata: { name: test }
spec: { default: deny }
---
kind: Edge
spec:
  sites:
    api: { address: "https://localhost:9443", clientCertificates: required, networks: [loopback] }
    dashboard: { address: "https://localhost:8443", networks: [loopback], basicAuth: [oncall] }
  basicAuthUsers: { oncall: { passwordRef: "secret:basic-oncall" } }
---
kind: Networks
spec:
  loopback: { cidrs: ["127.0.0.0/8", "::1/128"] }
  office: { cidrs: ["10.20.4.0/24", "2001:db8:1::/48"] }
---
kind: Principals
spec:
  services:
    billing: { mtls: { sanUri: "spiffe://postern/client/billing" }, networks: [office] }
    reports: { apiKey: { hashRef: "secret:key-reports" }, networks: [office], expires: 2027-03-31 }
  people:
    oncall: { roles: [operator], networks: [loopback] }
---
kind: Accounts
spec: { main: {}, second: {} }
---
kind: Access
spec:
  roles: { operator: [accounts.*, messages.read] }
`

export const ALL_SECRETS: PolicyFacts = { secretState: () => 'ok' }

/** Loads `files` beside the base documents. */
export function load(files: Readonly<Record<string, string>>, facts = ALL_SECRETS): LoadOutcome {
  const all = { 'base.yaml': BASE, ...files }
  return loadPolicy(
    Object.entries(all).map(([name, text]) => ({ name, text })),
    facts,
  )
}

/** The snapshot of the base documents with `text` beside them; throws with the errors when there are some. */
export function snapshotOf(text: string): PolicySnapshot {
  const outcome = load({ 'more.yaml': text })
  if (outcome.kind === 'loaded') return outcome.snapshot
  throw new Error(outcome.diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n'))
}
