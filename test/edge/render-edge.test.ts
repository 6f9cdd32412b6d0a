import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { renderContents } from '../../app/policy/render-contents.ts'
import { edgeDigest, renderEdge } from '../../app/policy/render-edge.ts'
import type { Edge, PolicySnapshot, Site } from '../../app/policy/snapshot.ts'
import { findCaddy } from '../../app/supervise/find-caddy.ts'
import { testConfig, testSnapshot } from './rig.ts'

const root = testConfig('/nowhere', 27_500).root
const snapshot = testSnapshot({ portBase: 27_500 })
const facts = { loopback: ['127.0.0.1', '::1'] }
let caddy: string
let folder: string

before(async () => {
  caddy = await findCaddy({ root }, process.env.PATH ?? '')
  folder = mkdtempSync(join(tmpdir(), 'postern-render-'))
})
after(() => rmSync(folder, { recursive: true }))

function withEdge(edge: Partial<Edge>): PolicySnapshot {
  return { ...snapshot, edge: { ...snapshot.edge, ...edge } }
}

function withSite(name: keyof Edge['sites'], site: Partial<Site>): PolicySnapshot {
  const sites = { ...snapshot.edge.sites, [name]: { ...snapshot.edge.sites[name], ...site } }
  return withEdge({ sites })
}

function assertFormatted(file: string): void {
  execFileSync(caddy, ['fmt', file], { stdio: 'pipe', env: {} }) // exit code 1 when it would change anything
}

const TLS_MODES: readonly Edge['tls'][] = [
  { mode: 'internal' },
  { mode: 'acme', email: 'ops@example.com' },
  {
    ...{ mode: 'acme', email: 'ops@example.com', ca: 'https://acme.example.com:14000/dir' },
    caRoot: 'file:/etc/my certs/acme.pem',
  },
  { mode: 'files', certificate: 'secret:edge.pem', key: 'file:/etc/my certs/edge.key' },
]

for (const tls of TLS_MODES) {
  test(`renders ${JSON.stringify(tls)} formatted as Caddy would, and Caddy reads it`, () => {
    const { edge } = withSite('dashboard', { address: 'https://wa.example.com' })
    const contents = new Map(
      ['secret:edge.pem', 'file:/etc/my certs/edge.key'].map(ref => [ref, edgeDigest(ref)]),
    )
    const part = renderEdge(withEdge({ ...edge, tls }), facts) + renderContents(contents)
    const file = join(folder, `${edgeDigest(part)}.caddy`)
    writeFileSync(file, part)
    assertFormatted(file)
    const env = { EDGE_PART: file, EDGE_SECRETS: '/nowhere', EDGE_STORAGE: folder, EDGE_UPSTREAM: 'app:7080' }
    execFileSync(caddy, ['adapt', '--config', join(root, 'Caddyfile'), '--adapter', 'caddyfile'], {
      stdio: 'pipe',
      env: { ...env, EDGE_ADMIN: 'admin.sock', HOME: folder },
    })
  })
}

test('keeps the Caddyfile and its snippets formatted as Caddy would', () => {
  const files = ['Caddyfile', ...globSync('proxy/*.caddy', { cwd: root })]
  assert.ok(files.length > 3)
  for (const file of files) assertFormatted(join(root, file))
})

test('gives the same bytes for the same policy, and another digest for another', () => {
  const part = renderEdge(snapshot, facts)
  assert.equal(renderEdge(testSnapshot({ portBase: 27_500 }), facts), part)
  const other = renderEdge(withSite('hooks', { networks: ['loopback'] }), facts)
  assert.notEqual(edgeDigest(other), edgeDigest(part))
})

test('names neither a path of this machine nor a password hash', () => {
  const part = renderEdge(snapshot, facts)
  assert.match(part, /oncall "\{file\.\{\$EDGE_SECRETS\}\/basic-oncall\}"/)
  assert.ok(!part.includes('argon2id$'))
  assert.ok(!part.includes(root))
})

test('says by reference what is in a file, and lets no reference end the comment', () => {
  const ref = 'file:/etc/my certs/edge.key'
  assert.equal(renderContents(new Map([[ref, edgeDigest('')]])), `\n# sha256 ${edgeDigest('')} ${ref}\n`)
  assert.equal(renderContents(new Map()), '')
  for (const bad of [`${ref}\n:1 {`, 'secret:../x', 'secret:x\ny'])
    assert.throws(() => renderContents(new Map([[bad, edgeDigest('')]])), { code: 'edge.reference' })
})

test('checks the network before the password and strips claims before it speaks to the app', () => {
  const site = renderEdge(snapshot, facts).split('localhost:27542')[1] ?? ''
  const order = [
    'abort @outside',
    'import refuse-odd-paths',
    'import strip-claims',
    'basic_auth',
    'import to-app',
  ]
  const places = order.map(line => site.indexOf(line))
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  )
  assert.ok(!places.includes(-1))
})

test('leaves a site out that the policy does not have, and listens everywhere for a public name', () => {
  const api = { ...snapshot.edge.sites.api, address: 'https://wa.example.com' } as Site
  const part = renderEdge(withEdge({ sites: { api } }), facts)
  assert.match(part, /^\thttps:\/\/wa\.example\.com \{$/m)
  assert.ok(!part.includes('localhost') && !part.includes('bind'))
  assert.match(renderEdge(snapshot, facts), /bind 127\.0\.0\.1 ::1/)
  assert.ok(!renderEdge(snapshot, {}).includes('bind'))
})

test('asks browsers to stay with TLS, and leads them to it, only under public names with certificates they trust', () => {
  const acme = { mode: 'acme', email: 'ops@example.com' } as const
  const withName = (address: string, tls: Edge['tls']) => {
    const { edge } = withSite('dashboard', { address })
    return renderEdge(withEdge({ ...edge, tls }), facts)
  }
  const named = withName('https://wa.example.com', acme)
  assert.match(
    named,
    /\n\thttp:\/\/wa\.example\.com \{\n\t\t@outside[^\n]*\n\t\tabort @outside\n\t\timport to-https wa\.example\.com\n/,
  )
  assert.match(named, /\n\thttp:\/\/ \{\n\t\timport no-plain-http\n/)
  assert.equal(named.split('import hsts').length - 1, 2)
  const others = [
    withName('https://wa.example.com', { mode: 'internal' }),
    withName('https://localhost', acme),
  ]
  for (const part of [...others, renderEdge(snapshot, facts)]) assert.ok(!/hsts|http:/.test(part), part)
  assert.ok(!withName('https://wa.example.com:8443', acme).includes('http:'))
})

const INJECTIONS = ['x"', 'x`', 'x{', 'x}', 'x\n', 'x y', 'x\\', '{env.HOME}', '{$HOME}', '']
const FORBIDDEN: readonly (readonly [string, string, (value: string) => PolicySnapshot])[] = [
  ['a site address', 'edge.address', value => withSite('api', { address: `https://localhost${value}` })],
  ['a site path', 'edge.address', value => withSite('api', { address: `https://localhost/${value}` })],
  [
    'a user',
    'edge.basic_auth',
    value => {
      const users = new Map([[value, 'secret:basic-oncall']])
      return {
        ...withSite('dashboard', { basicAuth: [value] }),
        edge: { ...withSite('dashboard', { basicAuth: [value] }).edge, basicAuthUsers: users },
      }
    },
  ],
  [
    'a secret',
    'edge.reference',
    value => withEdge({ basicAuthUsers: new Map([['oncall', `secret:${value}`]]) }),
  ],
  [
    'an e-mail address',
    'edge.acme',
    value => withEdge({ tls: { mode: 'acme', email: `${value}@example.com` } }),
  ],
  [
    'an ACME server',
    'edge.acme',
    value => withEdge({ tls: { mode: 'acme', email: 'a@b.c', ca: `https://${value}` } }),
  ],
  [
    'a network',
    'edge.network',
    value => {
      return {
        ...snapshot,
        networks: new Map([['loopback', { name: 'loopback', cidrs: [`127.0.0.0/8${value || '/'}`] }]]),
      }
    },
  ],
]

for (const [what, code, snapshotWith] of FORBIDDEN) {
  test(`writes no word of the configuration’s own language from ${what}`, () => {
    for (const value of INJECTIONS) {
      if (what === 'a site address' && value === '') continue
      assert.throws(() => renderEdge(snapshotWith(value), facts), { code }, JSON.stringify(value))
    }
  })
}

for (const [what, code, bad] of [
  [
    'an api site without client certificates',
    'edge.open_site',
    withSite('api', { clientCertificates: false }),
  ],
  ['a keys site without networks', 'edge.open_site', withSite('keys', { networks: [] })],
  ['a dashboard without networks', 'edge.open_site', withSite('dashboard', { networks: [] })],
  ['a network nobody declared', 'edge.network', withSite('hooks', { networks: ['nowhere'] })],
  ['an address without a name', 'edge.address', withSite('api', { address: 'https://127.0.0.1:9443' })],
  ['an address without TLS', 'edge.address', withSite('api', { address: 'http://localhost:9443' })],
  [
    'a secret outside its folder',
    'edge.reference',
    withEdge({ tls: { mode: 'files', certificate: 'secret:../x', key: 'secret:k' } }),
  ],
  [
    'a time of zero, which is no limit',
    'edge.limit',
    withEdge({ limits: { ...snapshot.edge.limits, headerTimeoutMs: 0 } }),
  ],
  ['a size of zero', 'edge.limit', withEdge({ limits: { ...snapshot.edge.limits, maxBodyBytes: 0 } })],
] as const) {
  test(`refuses ${what}`, () => {
    assert.throws(() => renderEdge(bad, facts), { code })
  })
}
