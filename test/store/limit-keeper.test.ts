import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import { createLimiter, type Limiter } from '../../app/policy/limiter.ts'
import type { Limit, PolicyInForce } from '../../app/policy/snapshot.ts'
import { createLimitKeeper, type LimitKeeper } from '../../app/store/limit-keeper.ts'
import { openStore } from '../../app/store/open.ts'
import type { Store } from '../../app/store/store.ts'
import { policyOf } from '../deliveries/samples.ts'
import { afterwards } from '../helpers/afterwards.ts'

const AT = Date.parse('2026-11-23T10:00:00Z')
const HOUR = 3_600_000
const ALICE = { account: 'main', recipient: '+12025550101' }
const SENDS: Limit = {
  name: 'sends',
  key: ['account', 'recipient'],
  count: 3,
  periodMs: HOUR,
  burst: 3,
  onExceed: 'reject',
}

type Run = { readonly store: Store; readonly limiter: Limiter; readonly keeper: LimitKeeper }

/** Starts the appliance's limits on a data folder, at a time. */
async function run(dataDir: string, atMs: number, limits: readonly Limit[] = [SENDS]): Promise<Run> {
  const now = () => new Date(atMs)
  const store = await openStore({ dataDir, key: new Secret(Buffer.alloc(32, 3)), now, log: silentLog })
  const { revision, snapshot } = policyOf()
  const policy = (): PolicyInForce => ({
    revision,
    snapshot: { ...snapshot, limits: new Map(limits.map(limit => [limit.name, limit])) },
  })
  const limiter = createLimiter()
  const keeper = createLimitKeeper({ store, limiter, policy, log: silentLog, now })
  await keeper.start()
  return { store, limiter, keeper }
}

function folder(t: TestContext): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-limits-'))
  afterwards(t, () => rmSync(dataDir, { recursive: true, force: true }))
  return dataDir
}

const taken = ({ limiter }: Run, atMs: number, times = 1) =>
  Array.from({ length: times }, () => limiter.take([SENDS], ALICE, atMs).kind)

test('hands out no fresh burst after a restart, and refills over it', async t => {
  const dataDir = folder(t)
  const first = await run(dataDir, AT)
  assert.deepEqual(taken(first, AT, 3), ['ok', 'ok', 'ok'])
  await first.keeper.stop()
  await first.store.close()

  const second = await run(dataDir, AT + HOUR / 3)
  assert.deepEqual(taken(second, AT + HOUR / 3, 2), ['ok', 'rejected'])
  await second.keeper.stop()
  await second.store.close()
  assert.ok(!readFileSync(join(dataDir, 'postern.db')).includes('12025550101'), 'nobody’s number is in clear')
})

test('has written a message’s tokens before the message, without being stopped in peace', async t => {
  const dataDir = folder(t)
  const first = await run(dataDir, AT)
  taken(first, AT, 3)
  first.keeper.keep()
  await first.store.meta.set('what is written', 'next')
  assert.equal((await first.store.limits.list())[0]?.tokens, 0)
  await first.store.close()

  const second = await run(dataDir, AT)
  assert.deepEqual(taken(second, AT), ['rejected'])
  await second.store.close()
})

test('forgets what is full again, and what the policy no longer limits', async t => {
  const dataDir = folder(t)
  const first = await run(dataDir, AT)
  taken(first, AT)
  await first.keeper.stop()
  await first.store.close()

  const without = await run(dataDir, AT, [])
  assert.equal(without.limiter.buckets.size, 0)
  await without.store.close()
  const later = await run(dataDir, AT + HOUR)
  assert.deepEqual(await later.store.limits.list(), [])
  assert.deepEqual(taken(later, AT + HOUR, 4), ['ok', 'ok', 'ok', 'rejected'])
  await later.store.close()
})
