/** The policy folder that the tests of the HTTP side run under. */
export const POLICY_YAML = `
kind: PolicySet
metadata: { name: http-tests, owner: tests }
spec:
  default: deny
---
kind: Edge
spec:
  tls: { mode: internal }
  sites:
    api:       { address: "https://localhost:9443", clientCertificates: required, networks: [loopback, lab] }
    keys:      { address: "https://localhost:6443", apiKeys: true, networks: [loopback] }
    dashboard: { address: "https://localhost:8443", networks: [loopback], basicAuth: [oncall] }
    hooks:     { address: "https://localhost:7443" }
  basicAuthUsers: { oncall: { passwordRef: "secret:basic-oncall" } }
  limits: { maxBody: 16KiB, maxUpload: 64MiB, headerTimeout: 5s, bodyTimeout: 30s, idleTimeout: 2m }
---
kind: Networks
spec:
  loopback: { cidrs: ["127.0.0.0/8", "::1/128"] }
  lab:      { cidrs: ["10.9.0.0/16"] }
---
kind: Principals
spec:
  services:
    billing: { mtls: { sanUri: "spiffe://postern/client/billing" }, networks: [loopback], owner: tests }
    narrow:  { mtls: { sanUri: "spiffe://postern/client/narrow" }, networks: [loopback], owner: tests }
    distant: { mtls: { sanUri: "spiffe://postern/client/distant" }, networks: [lab], owner: tests }
    over:    { mtls: { sanUri: "spiffe://postern/client/over" }, networks: [loopback], owner: tests, expires: 2020-01-01 }
    busy:    { mtls: { sanUri: "spiffe://postern/client/busy" }, networks: [loopback], owner: tests }
    reports: { apiKey: { hashRef: "secret:key-reports" }, networks: [loopback], owner: tests }
  people:
    oncall: { email: oncall@example.com, roles: [operator], networks: [loopback] }
---
kind: Accounts
spec:
  main:  { displayName: Billing }
  spare: { displayName: Spare }
---
kind: Access
spec:
  roles:
    operator: [accounts.read, accounts.link, accounts.manage, messages.read, webhooks.read, webhooks.replay, audit.read, events.read]
  rules:
    - { id: billing-does-everything, effect: allow, principals: [billing, reports], actions: ["*"] }
    - { id: narrow-reads-main, effect: allow, principals: [narrow, distant, over, busy], actions: [accounts.read, messages.read, events.read, webhooks.read], accounts: [main] }
    - id: narrow-sends-to-the-us
      effect: allow
      principals: [narrow]
      actions: [messages.send]
      accounts: [main]
      when: { recipients: { prefixes: ["+1"] } }
---
kind: RateLimits
spec:
  limits:
    per-principal: { key: [principal],            rate: 3/1h, burst: 3, onExceed: reject, when: { principals: [busy] } }
    per-recipient: { key: [account, recipient],   rate: 6/1h, onExceed: reject }
    failed-auth:   { key: [remoteIp],             rate: 10/5m, onExceed: block, blockFor: 15m }
`
