import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { PosternError } from '../../app/lib/error.ts'
import type { Log } from '../../app/lib/log.ts'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import { SYSTEM } from '../../app/model/audit.ts'
import { policyDigest } from '../../app/policy/digest.ts'
import { digestBesideRevoked } from '../../app/policy/revocations.ts'
import { policyAtBoot, type Started } from '../../app/reload/boot.ts'
import { recordOfApplied } from '../../app/reload/chronicle.ts'
import { Lives } from '../../app/reload/probation/lives.ts'
import { openStore } from '../../app/store/open.ts'
import type { Store } from '../../app/store/store.ts'
import { POLICY_YAML } from '../http/policies.ts'
import { route } from '../http/running-policy.ts'

let folder: string
let store: Store
let said: string[]
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-boot-'))
  store = await openStore({
    ...{ dataDir: folder, key: new Secret(randomBytes(32)), now: () => new Date(), log: silentLog },
  })
  said = []
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const LENIENT = POLICY_YAML.replace('default: deny', 'default: deny\n  onBadPolicyAtBoot: last-known-good')
const BROKEN = LENIENT.replace('principals: [busy]', 'principals: [buzy]')
const revoking = (text: string, serial: string) =>
  text.replace('  people:', `  revoked: [{ serial: "${serial}" }]\n  people:`)
const filesOf = (text: string) => [{ name: 'policy.yaml', text }]
const log: Log = { ...silentLog, error: event => said.push(event), warn: event => said.push(event) }

function boot(text: string | PosternError) {
  return policyAtBoot({
    ...{ facts: () => ({ secretState: () => 'ok' as const }), routeUnder: () => route, log, store },
    now: () => new Date(),
    async readFolder() {
      if (text instanceof PosternError) throw text
      return filesOf(text)
    },
  })
}

const revoked = ({ policy }: Started) => [...policy.snapshot.revokedSerials]

const eventTypes = async () => (await store.events.list({ limit: 50 })).items.map(({ type }) => type)

test('a folder with errors does not start, unless the policy of before says that it goes on', async () => {
  assert.equal((await boot(POLICY_YAML)).policy.revision, 'r1')
  await assert.rejects(boot(BROKEN), /buzy/, 'that the broken files ask for it counts for nothing')
  assert.equal((await boot(LENIENT)).policy.revision, 'r2')
  const { policy, degraded } = await boot(BROKEN)
  assert.deepEqual([policy.revision, policy.snapshot.digest], ['r2', policyDigest(filesOf(LENIENT))])
  assert.match(String(degraded?.first.message), /buzy/)
  assert.deepEqual(said, ['policy.rejected'])
  assert.deepEqual((await eventTypes()).slice(-2), ['policy.rejected', 'security.alert'])
  const { items } = await store.policies.history({ limit: 1 })
  assert.deepEqual([items[0]?.result, items[0]?.reason], ['rejected', 'start'])
})

test('a folder that cannot be read counts as one with errors, and a mended one starts again', async () => {
  const gone = new PosternError('policy.unreadable', 'no such folder')
  await assert.rejects(boot(gone), /no such folder/, 'at a first start there is nothing to go on with')
  await boot(LENIENT)
  assert.equal((await boot(gone)).degraded?.first.message, 'no such folder')
  const mended = await boot(LENIENT.replaceAll('owner: tests', 'owner: mended'))
  assert.deepEqual([mended.policy.revision, mended.degraded], ['r2', undefined])
})

test('what its probation took back does not start either, and what was only refused does once it is good', async () => {
  await boot(POLICY_YAML)
  const harmful = LENIENT.replaceAll('owner: tests', 'owner: harmful')
  await boot(harmful)
  const { snapshot } = (await boot(harmful)).policy
  const before = {
    revision: 'r3',
    snapshot: { ...snapshot, digest: policyDigest(filesOf(POLICY_YAML)) },
  } as const
  const left = { digest: snapshot.digest, because: 'reverted' } as const
  const asked = { by: SYSTEM, reason: 'probation' } as const
  const files = filesOf(POLICY_YAML)
  await store.policies.record(recordOfApplied({ policy: before, files, asked, at: new Date(), left }, route))
  const pinned = await boot(harmful)
  assert.deepEqual([pinned.policy.revision, pinned.policy.snapshot.digest], ['r3', before.snapshot.digest])
  assert.deepEqual([pinned.degraded, said], [undefined, ['policy.pinned']])
  await store.policies.forgetRefusals({})
  assert.equal((await boot(harmful)).policy.revision, 'r4')
})

test('what the folder revokes counts at a start, also when an older policy goes on in the place of the rest of it', async () => {
  await boot(LENIENT)
  const broken = await boot(revoking(BROKEN, '4f'))
  assert.deepEqual([broken.policy.revision, revoked(broken)], ['r2', ['4f']])
  assert.match(String(broken.degraded?.first.message), /buzy/)
  const garbled = BROKEN.replace('  people:', '  revoked: [{ serial: "4f", since: long ago }]\n  people:')
  assert.deepEqual(revoked(await boot(garbled)), ['4f'], 'only what is wrong in a revocation is left out')
  assert.deepEqual(revoked(await boot(LENIENT)), [], 'a good folder has the last word')

  const left = { digest: digestBesideRevoked(filesOf(POLICY_YAML)), because: 'rolled-back' } as const
  const { policy } = await boot(LENIENT)
  const files = filesOf(LENIENT)
  const asked = { by: SYSTEM, reason: 'rollback' } as const
  await store.policies.record(recordOfApplied({ policy, files, asked, at: new Date(), left }, route))
  const pinned = await boot(revoking(POLICY_YAML, '5e'))
  assert.equal(pinned.policy.snapshot.onBadPolicyAtBoot, 'last-known-good', 'the rollback holds on')
  assert.deepEqual(revoked(pinned), ['5e'])
  const again = await boot(revoking(POLICY_YAML, '5e'))
  assert.deepEqual([again.policy.revision, revoked(again)], [pinned.policy.revision, ['5e']])
})

test('what a deadly policy revokes stays revoked in the one before, and it is not started with one more', async () => {
  await boot(POLICY_YAML)
  const deadly = revoking(LENIENT.replaceAll('owner: tests', 'owner: deadly'), '4f')
  for (let life = 1; life <= 3; life++) await boot(deadly)
  const left = await boot(deadly)
  assert.deepEqual([left.policy.revision, revoked(left)], ['r3', ['4f']])
  assert.equal(left.policy.snapshot.onBadPolicyAtBoot, 'refuse', 'the one before')
  const more = await boot(deadly.replace('[{ serial: "4f" }]', '[{ serial: "4f" }, { serial: "5e" }]'))
  assert.deepEqual([more.policy.snapshot.onBadPolicyAtBoot, revoked(more)], ['refuse', ['4f', '5e']])
})

test('a policy under which the app dies three times is left, remembered and told; one that it has lived with is not', async () => {
  await boot(POLICY_YAML)
  const trusted = policyDigest(filesOf(POLICY_YAML))
  const deadly = LENIENT.replaceAll('owner: tests', 'owner: deadly')
  for (let life = 1; life <= 3; life++)
    assert.equal((await boot(deadly)).policy.revision, 'r2', `life ${life}`)
  const { policy, takenBack } = await boot(deadly)
  assert.deepEqual([policy.revision, policy.snapshot.digest], ['r3', trusted])
  assert.match(String(takenBack?.first.message), /ended 3 times/)
  assert.deepEqual(said, ['policy.rejected'])
  assert.deepEqual((await eventTypes()).slice(-3), ['policy.applied', 'policy.rejected', 'security.alert'])
  const { items } = await store.policies.history({ limit: 2 })
  assert.match(String(items[0]?.error), /^PS-7005/)
  assert.equal((await store.policies.refusalOf(digestBesideRevoked(filesOf(deadly))))?.because, 'reverted')
  for (let life = 1; life <= 4; life++) assert.equal((await boot(deadly)).policy.revision, 'r3', 'pinned')

  const harmless = LENIENT.replaceAll('owner: tests', 'owner: harmless')
  await boot(harmless)
  await new Lives({ store, log: silentLog }).prove(policyDigest(filesOf(harmless)))
  for (let life = 1; life <= 4; life++) assert.equal((await boot(harmless)).policy.revision, 'r4')
})

test('lives that end in order count for nothing, and of two new policies the one before both is gone back to', async () => {
  await boot(POLICY_YAML)
  const first = LENIENT.replaceAll('owner: tests', 'owner: first')
  for (let life = 1; life <= 5; life++) {
    assert.equal((await boot(first)).policy.revision, 'r2')
    await new Lives({ store, log: silentLog }).stop()
  }
  const second = LENIENT.replaceAll('owner: tests', 'owner: second')
  for (let life = 1; life <= 3; life++) assert.equal((await boot(second)).policy.revision, 'r3')
  assert.equal((await boot(second)).policy.snapshot.digest, policyDigest(filesOf(POLICY_YAML)))
})

test('a first policy, which has none before it, is started however often the app dies', async () => {
  for (let life = 1; life <= 5; life++) assert.equal((await boot(POLICY_YAML)).policy.revision, 'r1')
})
