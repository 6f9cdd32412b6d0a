import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPolicyFolder } from '../../app/config/policy-folder.ts'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { EVENT_TYPES } from '../../app/model/event.ts'
import { decide } from '../../app/policy/decide/decide.ts'
import { formatDiagnostics } from '../../app/policy/format/format.ts'
import { loadPolicy } from '../../app/policy/load.ts'
import { movePorts } from '../../app/policy/move-ports.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { ALL_SECRETS, BASE, load, snapshotOf } from './world.ts'

const ROOT = join(import.meta.dirname, '..', '..')

async function folder(
  ...path: readonly string[]
): Promise<{ policy: PolicySnapshot; secrets: ReadonlySet<string> }> {
  const secrets = new Set<string>()
  const files = await readPolicyFolder(join(ROOT, ...path))
  const secretState = (ref: string) => (secrets.add(ref) ? 'ok' : 'missing')
  const outcome = loadPolicy(files, { secretState, lintAt: new Date('2026-11-26T12:00:00Z') })
  const found = outcome.kind === 'loaded' ? outcome.warnings : outcome.diagnostics
  assert.equal(formatDiagnostics(found, { format: 'plain', files }), '')
  if (outcome.kind !== 'loaded') throw new Error('unreachable')
  return { policy: outcome.snapshot, secrets }
}

function effectOf(policy: PolicySnapshot, request: Partial<DecisionRequest> & { principal: string }): string {
  const sending = {
    action: 'messages.send',
    account: 'main',
    type: 'text',
    to: '+15550100001',
    ip: '127.0.0.1',
  }
  const { effect, by } = decide(policy, { ...sending, at: new Date('2026-11-23T10:00:00Z'), ...request })
  return `${effect} ${by}`
}

test('the starter loads without a warning, from the secrets that init makes', async () => {
  const { policy, secrets } = await folder('policies')
  assert.deepEqual([...secrets], ['secret:basic-admin'])
  assert.deepEqual(Object.keys(policy.edge.sites), ['api', 'dashboard', 'hooks'])
  assert.equal(policy.principals.get('first-client')?.sanUri, 'spiffe://postern/client/first-client')
  assert.deepEqual(policy.phoneRule, { reject: ['invalid'] })
  assert.equal(policy.endpoints.size, 0)
})

test('the starter lets its first client send texts to people, and nothing more', async () => {
  const { policy } = await folder('policies')
  const client = (request: Partial<DecisionRequest>) =>
    effectOf(policy, { principal: 'first-client', ...request })
  assert.equal(client({}), 'allow first-client-sends-texts')
  assert.equal(client({ type: 'image' }), 'deny default')
  assert.equal(client({ to: '12345-67890@g.us' }), 'deny nobody-sends-to-groups')
  assert.equal(client({ ip: '10.0.0.1' }), 'deny network')
  assert.equal(client({ action: 'messages.read' }), 'allow first-client-reads')
  assert.equal(client({ action: 'accounts.manage' }), 'deny default')
  assert.equal(effectOf(policy, { principal: 'admin', action: 'accounts.link' }), 'allow role:operator')
  assert.equal(effectOf(policy, { principal: 'admin' }), 'deny default')
})

test('the sandbox lets demo do everything and shows refusals with the others', async () => {
  const { policy, secrets } = await folder('test', 'sandbox', 'policies')
  assert.deepEqual([...secrets].sort(), [
    'secret:sandbox-basic',
    'secret:sandbox-key-demo',
    'secret:sandbox-receiver-ca.pem',
    'secret:sandbox-webhook',
  ])
  assert.deepEqual(policy.phoneRule, { reject: [] })
  assert.equal(effectOf(policy, { principal: 'demo' }), 'allow demo-may-do-everything')
  assert.equal(
    effectOf(policy, { principal: 'demo', to: '12345-67890@g.us' }),
    'allow demo-may-do-everything',
  )
  assert.equal(effectOf(policy, { principal: 'limited' }), 'allow limited-sends-texts')
  assert.equal(
    effectOf(policy, { principal: 'limited', to: '+15559990001' }),
    'deny limited-leaves-these-alone',
  )
  assert.equal(effectOf(policy, { principal: 'limited', to: '+33600000001' }), 'deny default')
  assert.equal(effectOf(policy, { principal: 'elsewhere' }), 'deny network')
  assert.equal(
    effectOf(policy, { principal: 'elsewhere', ip: '10.99.0.1' }),
    'allow elsewhere-may-do-everything',
  )
  assert.equal(effectOf(policy, { principal: 'oncall', action: 'accounts.link' }), 'allow role:operator')
  const [receiver] = policy.endpoints.values()
  assert.deepEqual([...(receiver?.events ?? [])], [...EVENT_TYPES])
  assert.deepEqual(receiver?.allowCidrs, ['127.0.0.0/8', '::1/128'])
  for (const limit of policy.limits.values()) assert.deepEqual(limit.principals, ['limited'])
})

test('moves the sites and the receiver of the sandbox to other ports, and nothing else', async () => {
  const { policy } = await folder('test', 'sandbox', 'policies')
  const moved = movePorts(policy, {
    api: 22043,
    keys: 22040,
    dashboard: 22042,
    hooks: 22041,
    receiver: 22072,
  })
  assert.equal(moved.edge.sites.api?.address, 'https://localhost:22043')
  assert.equal(moved.edge.sites.keys?.address, 'https://localhost:22040')
  assert.equal(moved.edge.sites.dashboard?.address, 'https://localhost:22042')
  assert.equal(moved.edge.sites.hooks?.address, 'https://localhost:22041')
  assert.equal(moved.endpoints.get('receiver')?.url, 'https://127.0.0.1:22072/')
  assert.equal(policy.endpoints.get('receiver')?.url, 'https://127.0.0.1:7072/')
  assert.equal(moved.digest, policy.digest)
})

test('the examples of policies/README.md are one policy without an error', () => {
  const text = readFileSync(join(ROOT, 'policies', 'README.md'), 'utf8')
  const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(match => match[1] ?? '')
  assert.equal(examples.length, 13)
  const more = `kind: Networks\nspec: { office: { cidrs: ["10.20.8.0/24"] } }\n`
  const outcome = loadPolicy([{ name: 'README.md', text: [...examples, more].join('---\n') }], ALL_SECRETS)
  const found = outcome.kind === 'loaded' ? outcome.warnings : outcome.diagnostics
  assert.deepEqual(
    found.map(({ code }) => code),
    ['PS-3107'], // hooks are not served
  )
})

test('says nothing of what a file leaves out: that has its defaults', () => {
  const policy = snapshotOf(`kind: Webhooks
spec:
  endpoints:
    status: { url: "https://a.example/", events: ["message.s*", account.linked], sign: { secretRef: "secret:wh" } }
`)
  assert.deepEqual(policy.accounts.get('main'), {
    name: 'main',
    reconnect: { maxBackoffMs: 300_000, giveUpAfterMs: 21_600_000 },
    markRead: false,
    presence: 'unavailable',
    history: 'none',
    alertsOnLoggedOut: true,
  })
  assert.deepEqual(policy.endpoints.get('status'), {
    name: 'status',
    url: 'https://a.example/',
    events: new Set(['message.sent', 'account.linked']),
    format: 'postern',
    payload: { body: 'full', contact: 'clear' },
    signScheme: 'v1',
    secretRefs: ['secret:wh'],
    allowCidrs: [],
    order: 'per-chat',
    timeoutMs: 30_000,
    concurrency: 4,
    retry: { schedule: 'standard', maxAgeMs: 604_800_000 },
  })
  assert.deepEqual(policy.edge.tls, { mode: 'internal' })
  assert.equal(policy.edge.limits.maxBodyBytes, 1_048_576)
  assert.deepEqual(policy.phoneRule, { reject: ['invalid'] })
})

test('unfolds globs, roles and lists, so that a decision compares plain names', () => {
  const policy = snapshotOf(`kind: Access
spec:
  rules:
    - id: many
      effect: allow
      principals: ["*ing", "rep*"]
      roles: [operator]
      accounts: ["*n*"]
      when: { recipients: { list: customers } }
---
kind: Recipients
spec: { lists: { customers: { prefixes: ["+33"], numbers: ["+4930000001"] } } }
`)
  const rule = policy.rules.find(({ id }) => id === 'many')
  assert.deepEqual(rule, {
    id: 'many',
    effect: 'allow',
    principals: ['billing', 'reports'],
    actions: ['accounts.*', 'messages.read'],
    accounts: ['main', 'second'],
    when: { recipients: { list: 'customers', prefixes: ['+33'], numbers: ['+4930000001'] } },
    place: { file: 'more.yaml', line: 4 },
  })
})

test('reads revoked serial numbers in the form that decisions compare', () => {
  const policy = snapshotOf(
    'kind: Principals\nspec: { revoked: [{ serial: "00:4F:9a" }, { serial: "C1" }] }\n',
  )
  assert.deepEqual([...policy.revokedSerials], ['4f9a', 'c1'])
})

test('gives the same digest to the same files in any order, and another to any change', () => {
  const digest = (files: Record<string, string>) => {
    const outcome = load(files)
    return outcome.kind === 'loaded' ? outcome.snapshot.digest : outcome.kind
  }
  const first = digest({ 'a.yaml': '# a\n', 'b.yaml': '# b\n' })
  assert.match(first, /^sha256:[0-9a-f]{64}$/)
  assert.equal(digest({ 'b.yaml': '# b\n', 'a.yaml': '# a\n' }), first)
  assert.notEqual(digest({ 'a.yaml': '# b\n', 'b.yaml': '# a\n' }), first)
  assert.notEqual(digest({ 'a.yaml': '# a\n# b\n' }), first)
})

test('accepts notes of every kind', () => {
  const noted = BASE.replace(
    'metadata: { name: test }',
    'metadata: { name: test, owner: us, note: hello, x-ticket: 3 }',
  )
    .replace('main: {}', 'main: { owner: us, note: hello, x-cost-centre: [1, 2] }')
    .replace('spec: { main', 'spec: { x-all: { any: thing }, main')
  const outcome = loadPolicy([{ name: 'a.yaml', text: noted }], ALL_SECRETS)
  assert.deepEqual(outcome.kind === 'loaded' ? [...outcome.snapshot.accounts.keys()] : outcome.diagnostics, [
    'main',
    'second',
  ])
})
