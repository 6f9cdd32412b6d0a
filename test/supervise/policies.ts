/** The policy of the supervised appliance: three sites, one caller. */
export const POLICY = `
kind: PolicySet
metadata: { name: supervised, owner: first }
spec: { default: deny }
---
kind: Edge
spec:
  tls: { mode: internal }
  sites:
    api:       { address: "https://localhost:9443", clientCertificates: required, networks: [loopback] }
    dashboard: { address: "https://localhost:8443", networks: [loopback] }
    hooks:     { address: "https://localhost:7443" }
  limits: { maxBody: 1MiB, maxUpload: 1MiB, headerTimeout: 5s, bodyTimeout: 30s, idleTimeout: 2m }
---
kind: Networks
spec: { loopback: { cidrs: ["127.0.0.0/8", "::1/128"] } }
---
kind: Principals
spec:
  services:
    test: { mtls: { sanUri: "spiffe://postern/client/test" }, networks: [loopback], owner: tests }
---
kind: Accounts
spec:
  main: { displayName: Main }
---
kind: Access
spec:
  rules:
    - { id: test-reads, effect: allow, principals: [test], actions: [accounts.read, events.read] }
`

/** The same without its hooks site: seen from outside, because nobody listens there any more. */
export const WITHOUT_HOOKS = POLICY.replace(/^ {4}hooks: .*\n/m, '')

/** The same with an account more, as bugs.ts knows some. */
export function withAccount(name: string, policy = POLICY): string {
  return policy.replace('  main:', `  ${name}: { displayName: Another }\n  main:`)
}

/** The same with a probation. */
export function onTrial(probation: string, policy = POLICY): string {
  return policy.replace('default: deny', `default: deny, reload: { probation: ${probation} }`)
}
