import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { connect } from 'node:tls'
import { askControl, tellControl } from '../../app/cli/control.ts'
import type { PolicyFile } from '../../app/model/policy-file.ts'
import { policyDigest } from '../../app/policy/digest.ts'
import type { EdgeHandshake } from '../../app/reload/edge-handshake.ts'
import { type Body, type RunningHttp, startHttp } from './running-http.ts'

let http: RunningHttp
let edge: Omit<EdgeHandshake, 'news'>
beforeEach(async () => {
  edge = {
    put: async () => ({ ok: true, reloaded: false }),
    putBack: async () => ({ ok: true, reloaded: true }),
  }
  http = await startHttp({
    edge: { put: to => edge.put(to), putBack: to => edge.putBack(to), news: () => undefined },
  })
})
afterEach(() => http.stop())

const policyFile = () => join(http.dataDir, 'policies', 'policy.yaml')

function edit(from: string | RegExp, to: string): void {
  const before = readFileSync(policyFile(), 'utf8')
  const after = before.replace(from, to)
  assert.notEqual(after, before, 'the edit must change something')
  writeFileSync(policyFile(), after)
}

const apply = () => tellControl<Body>(http, { path: '/v1/policy/apply', body: {} })
const status = async () => (await http.ask({ path: '/v1/policy', as: 'billing' })).json
const eventTypes = async () => (await http.store.events.list({ limit: 50 })).items.map(({ type }) => type)

/** Takes the right to read accounts from one principal. */
const closeNarrow = () => edit('actions: [accounts.read, messages.read', 'actions: [messages.read')
const narrowReads = async () => (await http.ask({ path: '/v1/accounts/main', as: 'narrow' })).status

test('puts an edited folder in force while requests flow, and none of them fails', async () => {
  let flowing = true
  const seen = new Map<string | undefined, number>()
  const flow = (async () => {
    while (flowing) {
      const { status, headers } = await http.ask({ path: '/v1/accounts', as: 'billing' })
      assert.equal(status, 200)
      seen.set(headers['postern-policy'], (seen.get(headers['postern-policy']) ?? 0) + 1)
    }
  })()
  assert.equal(await narrowReads(), 200)
  closeNarrow()
  assert.equal(await narrowReads(), 200, 'an edit alone changes nothing')
  const done = await apply()
  assert.deepEqual([done.result, done.revision], ['applied', 'r8'])
  assert.equal(await narrowReads(), 403)
  flowing = false
  await flow
  assert.ok(seen.has('r7') && [...seen.keys()].every(revision => revision === 'r7' || revision === 'r8'))
  const { live, disk, rejected } = await status()
  assert.deepEqual([(live as Body).revision, (disk as Body).in_force, rejected], ['r8', true, null])
  assert.ok((await eventTypes()).includes('policy.applied'))
  const entries = await http.store.audit.list({ action: 'policy.applied', limit: 5 })
  assert.equal(entries.items.at(-1)?.principal, 'system')
  assert.deepEqual(await http.store.audit.verify().then(({ brokenAt }) => brokenAt), undefined)
})

test('a broken edit changes nothing and is told with its place; the next good one loads', async () => {
  edit('principals: [busy]', 'principals: [buzy]')
  const refused = await apply()
  assert.deepEqual([refused.result, refused.refused_by, refused.revision], ['refused', 'check', 'r7'])
  assert.match(String(refused.report), /did you mean "busy"[\s\S]*still r7/)
  const told = await status()
  assert.deepEqual([(told.live as Body).revision, (told.disk as Body).in_force], ['r7', false])
  const fault = (told.disk as Body).error as Body
  assert.match(`${fault.code} ${fault.place} ${fault.message}`, /^PS-2\d+ policy\.yaml:\d+:\d+ .*buzy/)
  assert.match(String((told.rejected as Body).error), /buzy/)
  assert.deepEqual((await eventTypes()).slice(-2), ['policy.rejected', 'security.alert'])
  edit('principals: [buzy]', 'principals: [busy, over]')
  assert.equal((await apply()).result, 'applied')
})

test('a set whose own test fails is refused by its tests', async () => {
  writeFileSync(
    join(http.dataDir, 'policies', 'tests.yaml'),
    `kind: PolicyTest
metadata: { name: wrong }
spec:
  now: 2026-11-23T10:00:00Z
  cases:
    - name: narrow may send anywhere
      request: { principal: narrow, network: loopback, action: messages.send, account: main, to: "+33600000001", type: text }
      expect: { decision: allow, by: narrow-sends-to-the-us }
`,
  )
  const refused = await apply()
  assert.deepEqual([refused.result, refused.refused_by], ['refused', 'tests'])
})

test('a change that a guardrail forbids is refused, by a person and by watching, unless it has the tag', async () => {
  edit(
    '  default: deny\n',
    '  default: deny\n  guardrails: [{ id: no-new-allow, on: access, deny: newAllow, unlessTag: reviewed }]\n',
  )
  assert.equal((await apply()).result, 'applied', 'a guardrail may come')
  const added = `kind: Access
spec: { rules: [{ id: more, effect: allow, principals: [narrow], actions: [audit.read] }] }
`
  writeFileSync(join(http.dataDir, 'policies', 'more.yaml'), added)
  const refused = await apply()
  assert.deepEqual([refused.result, refused.refused_by, refused.revision], ['refused', 'guardrail', 'r8'])
  assert.match(
    String(refused.report),
    /PS-5001: the guardrail no-new-allow forbids it: .*more.* begins to allow/,
  )
  const tagged = await tellControl<Body>(http, { path: '/v1/policy/apply', body: { tags: ['reviewed'] } })
  assert.deepEqual([tagged.result, tagged.revision], ['applied', 'r9'])
})

test('an edge that Caddy refuses leaves both sides as they are', async () => {
  let putBack = 0
  edge = {
    put: async () => ({ ok: false, error: 'no such directive', silent: false }),
    async putBack() {
      putBack++
      return { ok: true, reloaded: true }
    },
  }
  closeNarrow()
  const refused = await apply()
  assert.deepEqual([refused.result, refused.refused_by, putBack], ['refused', 'edge', 0])
  assert.match(String(refused.report), /no such directive/)
  assert.equal(await narrowReads(), 200)
  edge = { ...edge, put: async () => ({ ok: true, reloaded: true }) }
  assert.equal((await apply()).result, 'applied', 'a person may try the same again')
})

test('a policy that a part of the app fails to take up is taken back, and everybody hears of both changes', async () => {
  const heard: string[] = []
  const stop = http.policySwitch.onChange(() => {
    heard.push(http.policySwitch.current().revision)
    if (heard.length === 1) throw new Error('a bug that this policy brings to light')
  })
  closeNarrow()
  const refused = await apply()
  stop()
  assert.deepEqual([refused.result, refused.refused_by, refused.revision], ['refused', 'probation', 'r9'])
  assert.match(String(refused.report), /brings to light\nThe policy before is in force again as r9/)
  assert.deepEqual([heard, await narrowReads()], [['r8', 'r9'], 200])
  assert.equal((await apply()).refused_by, 'remembered')
  edit('owner: tests', 'owner: others')
  assert.equal((await apply()).revision, 'r10')
})

test('Caddy gets the old part back when the app cannot write the change down, and after it said nothing', async t => {
  const back: string[] = []
  edge = {
    put: async () => ({ ok: true, reloaded: true }),
    async putBack({ digest }) {
      back.push(digest)
      return { ok: true, reloaded: true }
    },
  }
  const before = http.policySwitch.current().snapshot.digest
  closeNarrow()
  const { record } = http.store.policies
  t.mock.method(http.store.policies, 'record', (of: Parameters<typeof record>[0]) =>
    of.entry.result === 'applied' ? Promise.reject(new Error('disk full')) : record(of),
  )
  const refused = await apply()
  assert.deepEqual([refused.result, refused.refused_by, back], ['refused', 'change', [before]])
  assert.equal(await narrowReads(), 200)
  t.mock.restoreAll()
  edge = { ...edge, put: async () => ({ ok: false, error: 'no answer', silent: true }) }
  assert.equal((await apply()).refused_by, 'edge')
  assert.deepEqual(back, [before, before])
})

test('the time limits of a new policy count at once, also for connections that are there', async () => {
  const { port, internal, proxy } = http
  edit('headerTimeout: 5s', 'headerTimeout: 10m')
  assert.equal((await apply()).result, 'applied')
  const slow = connect({ port, ca: internal.cert, servername: 'app', ...proxy })
  slow.on('error', () => {})
  await once(slow, 'secureConnect')
  const closed = once(slow, 'close')
  slow.resume().write('GET /livez HTTP/1.1\r\n')
  const longerThanBefore = new Promise(resolve => setTimeout(resolve, 7_000, 'open'))
  assert.equal(await Promise.race([closed, longerThanBefore]), 'open')
  edit('headerTimeout: 10m', 'headerTimeout: 200ms')
  assert.equal((await apply()).result, 'applied')
  await closed
})

test('a rollback brings the policy before back, and what it left is not applied again until unpinned', async () => {
  closeNarrow()
  assert.equal((await apply()).revision, 'r8')
  const back = await tellControl<Body>(http, { path: '/v1/policy/rollback', body: {} })
  assert.deepEqual([back.result, back.revision], ['applied', 'r9'])
  assert.equal(await narrowReads(), 200)
  const pinned = await apply()
  assert.deepEqual([pinned.result, pinned.refused_by], ['refused', 'remembered'])
  const { unpinned } = await tellControl<Body>(http, { method: 'POST', path: '/v1/policy/unpin' })
  assert.equal(unpinned, 1)
  assert.deepEqual((await apply()).revision, 'r10')
  const { data } = (await http.ask({ path: '/v1/policy/history', as: 'billing' })).json
  const shown = data.map(({ revision, reason }) => `${revision} ${reason}`)
  assert.deepEqual(shown, ['r10 apply', 'r9 rollback', 'r8 apply', 'r7 start'])
  const none = await askControl(http, { path: '/v1/policy/rollback', body: { revision: 'r99' } })
  assert.equal(none.status, 404)
})

test('a rollback takes no revocation back, and a revocation takes no rollback back', async () => {
  const serial = String((await http.ask({ path: '/v1/whoami', as: 'billing' })).json.credential.serial)
  const asks = async (as: string) => (await http.ask({ path: '/v1/whoami', as })).status
  const grant = '{ id: narrow-audits, effect: allow, principals: [narrow], actions: [audit.read] }'
  const narrowAudits = async () => (await http.ask({ path: '/v1/audit', as: 'narrow' })).status
  edit('  rules:', `  rules:\n    - ${grant}`)
  assert.deepEqual([(await apply()).revision, await narrowAudits()], ['r8', 200])
  edit('  people:', `  revoked: [{ serial: "${serial}" }]\n  people:`)
  assert.deepEqual([(await apply()).revision, await asks('billing')], ['r9', 401])
  const back = await tellControl<Body>(http, { path: '/v1/policy/rollback', body: {} })
  assert.deepEqual(
    [back.result, back.revision],
    ['applied', 'r10'],
    'to the one before r8: r9 is r8 beside that',
  )
  assert.deepEqual([await narrowAudits(), await asks('billing'), await asks('narrow')], [403, 401, 200])
  edit(/revoked: .*/, 'revoked: [{ serial: "4f" }]')
  assert.equal((await apply()).refused_by, 'remembered', 'the folder with other revocations is what was left')
  const same = await tellControl<Body>(http, { path: '/v1/policy/rollback', body: { revision: 'r7' } })
  assert.deepEqual([same.result, same.revision], ['unchanged', 'r10'], 'r7 and the revocation are in force')
  const there = await tellControl<Body>(http, { path: '/v1/policy/rollback', body: { revision: 'r8' } })
  assert.deepEqual([there.result, await narrowAudits(), await asks('billing')], ['applied', 200, 401])
  assert.deepEqual([(await apply()).result, await asks('billing')], ['applied', 200], 'an edit may lift it')
})

test('one more revocation comes into force when nothing else could: it needs neither Caddy nor the tests of the set', async () => {
  const serial = String((await http.ask({ path: '/v1/whoami', as: 'billing' })).json.credential.serial)
  writeFileSync(
    join(http.dataDir, 'policies', 'tests.yaml'),
    `kind: PolicyTest
metadata: { name: billing }
spec:
  now: 2026-11-23T10:00:00Z
  cases:
    - name: this very certificate may read
      request: { principal: billing, network: loopback, action: accounts.read, account: main, credentialSerial: "${serial}" }
      expect: { decision: allow, by: billing-does-everything }
`,
  )
  assert.equal((await apply()).result, 'applied')
  const agreeing = edge
  edge = { ...edge, put: async () => ({ ok: false, error: 'no answer', silent: true }) }
  edit('  people:', `  revoked: [{ serial: "${serial}" }]\n  people:`)
  const revoked = await apply()
  assert.deepEqual([revoked.result, revoked.revision], ['applied', 'r9'], String(revoked.report))
  const asks = async (as: string) => (await http.ask({ path: '/v1/whoami', as })).status
  assert.deepEqual([await asks('billing'), await asks('narrow')], [401, 200])
  edit(/ {2}revoked: .*\n/, '')
  assert.equal((await apply()).refused_by, 'edge', 'to lift it takes what every edit takes')
  edit('  people:', '  revoked: [{ serial: "4f" }]\n  people:')
  assert.equal((await apply()).refused_by, 'edge', 'one for another is not one more')
  edge = agreeing
  assert.equal((await apply()).result, 'applied')
})

test('a plan is applied as it was made, and not once either side is another', async () => {
  const { digest, files } = await tellControl<{ digest: string; files: PolicyFile[] }>(http, {
    path: '/v1/policy/files',
  })
  assert.equal(policyDigest(files), digest)
  closeNarrow()
  const planned = String(((await status()).disk as Body).digest)
  const follow = (plan: object) => tellControl<Body>(http, { path: '/v1/policy/apply', body: { plan } })
  const other = `sha256:${'0'.repeat(64)}`
  for (const plan of [
    { old: other, new: planned },
    { old: digest, new: other },
  ]) {
    const refused = await follow(plan)
    assert.deepEqual([refused.result, refused.refused_by, refused.revision], ['refused', 'stale', 'r7'])
  }
  assert.equal((await status()).rejected, null, 'nothing is wrong with the files')
  assert.equal((await follow({ old: digest, new: planned })).revision, 'r8')
  assert.equal((await follow({ old: digest, new: planned })).refused_by, 'stale', 'r8 is in force by now')
})

test('files from elsewhere can be applied; the folder then is adrift', async () => {
  const text = readFileSync(policyFile(), 'utf8').replace('accounts.read, messages.read', 'messages.read')
  const body = { files: [{ name: 'other.yaml', text }], commit: '3be1c07' }
  assert.equal((await tellControl<Body>(http, { path: '/v1/policy/apply', body })).result, 'applied')
  const { live, disk } = await status()
  assert.deepEqual([(live as Body).commit, (disk as Body).in_force], ['3be1c07', false])
})

test('changes are taken on the control socket alone, and reading needs policy.read', async () => {
  for (const verb of ['apply', 'rollback', 'unpin']) {
    const answer = await http.ask({ method: 'POST', path: `/v1/policy/${verb}`, as: 'billing', body: {} })
    assert.equal(answer.status, 404)
  }
  assert.equal((await http.ask({ path: '/v1/policy/files', as: 'billing' })).status, 404)
  for (const path of ['/v1/policy', '/v1/policy/history']) {
    assert.equal((await http.ask({ path, as: 'billing' })).status, 200)
    assert.equal((await http.ask({ path, as: 'narrow' })).status, 403)
  }
})
