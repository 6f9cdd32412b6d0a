import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PosternError } from '../../app/lib/error.ts'
import type { Store } from '../../app/store/store.ts'
import { OPERATOR, OURS, type Rig, startRig, until } from './rig.ts'

describe('an account whose credentials cannot be read at a start', () => {
  let failing: 'store.io' | 'store.corrupt' | undefined
  let failingToPause = 0
  const failingAtTimes = (store: Store): Store => ({
    ...store,
    accounts: {
      ...store.accounts,
      async get(account) {
        if (failing !== undefined) throw new PosternError(failing, 'the disk failed')
        return await store.accounts.get(account)
      },
      async isPaused(account) {
        if (failingToPause-- > 0) throw new PosternError('store.failed', 'the database refused')
        failingToPause = 0
        return await store.accounts.isPaused(account)
      },
    },
  })
  let rig: Rig
  before(async () => {
    rig = await startRig({ store: failingAtTimes })
    await rig.link()
  })
  after(() => rig.stop())

  const link = () => rig.sessions.link('main', { method: 'qr' }, OPERATOR)

  test('for a while is closed and cannot be linked anew meanwhile, and comes back by itself', async () => {
    failing = 'store.io'
    await rig.restart()
    const reason = 'what is stored of it could not be read: the disk failed'
    assert.deepEqual([rig.account().state, rig.account().reason], ['closed', reason])
    assert.deepEqual(await link(), { kind: 'unavailable', reason })
    assert.deepEqual(await rig.sessions.restart('main', OPERATOR), { kind: 'wrong-state', reason })
    failing = undefined
    assert.equal((await rig.opened()).phone, OURS)
    assert.deepEqual(await link(), { kind: 'already-linked' })
  })

  test('when it is asked whether it is paused, is connected once afterwards', async () => {
    failingToPause = 2
    await rig.restart()
    assert.equal(rig.account().state, 'closed')
    assert.equal((await link()).kind, 'unavailable')
    assert.equal((await rig.opened()).phone, OURS)
    assert.equal(failingToPause, 0)
    assert.equal(await connectionsOf(rig), 1)
  })

  test('because they are damaged is not read again, says so, and can be linked anew', async () => {
    failing = 'store.corrupt'
    await rig.restart()
    const lost = () => [rig.account().state, rig.account().reason]
    assert.deepEqual(lost(), ['unlinked', 'what is stored of it could not be read: the disk failed'])
    failing = undefined
    await sleep(2_000)
    assert.equal(rig.account().state, 'unlinked')
    assert.equal((await link()).kind, 'started')
  })
})

describe('an account that leaves the policy and comes back', () => {
  let isNamed = true
  /** What the session that ends is waiting for. */
  const held = Promise.withResolvers<void>()
  let holds = 0
  let reads = 0
  const holding = (store: Store): Store => ({
    ...store,
    accounts: {
      ...store.accounts,
      async get(account) {
        reads += 1
        return await store.accounts.get(account)
      },
    },
    journal: {
      ...store.journal,
      async add(arrival, keys) {
        holds += 1
        await held.promise
        return await store.journal.add(arrival, keys)
      },
    },
  })
  let rig: Rig
  before(async () => {
    rig = await startRig({ store: holding, isNamed: () => isNamed })
    await rig.link()
  })
  after(() => rig.stop())

  test('begins when its last session is over, and not beside it', async () => {
    await rig.contactSays('hello')
    await until('a message to be held', () => holds > 0 || undefined)
    const before = reads
    isNamed = false
    const gone = rig.sessions.followPolicy()
    isNamed = true
    const back = rig.sessions.followPolicy()
    await sleep(500)
    assert.equal(reads, before, 'nothing is taken up yet')
    assert.deepEqual(await rig.sessions.link('main', { method: 'qr' }, OPERATOR), {
      kind: 'unavailable',
      reason: 'what is stored of it has not been read yet',
    })
    held.resolve()
    await Promise.all([gone, back])
    await rig.opened()
    assert.equal(reads, before + 1)
    assert.equal(await connectionsOf(rig), 1)
  })
})

/** How many WhatsApp has of the account. */
async function connectionsOf({ phones }: Rig): Promise<number | undefined> {
  const { per_account } = (await phones.get('/stats')) as unknown as {
    per_account: Record<string, { connections: number }>
  }
  return per_account[OURS]?.connections
}
