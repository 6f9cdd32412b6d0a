import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { AccountPolicy } from '../../app/policy/snapshot.ts'
import { Redial } from '../../app/whatsapp/connection/redial.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const STEP_MS = 100

const policy: AccountPolicy = {
  name: 'main',
  reconnect: { maxBackoffMs: MINUTE, giveUpAfterMs: 10 * MINUTE },
  markRead: false,
  presence: 'unavailable',
  history: 'none',
  alertsOnLoggedOut: true,
}

/** A redial on a clock of its own; `wait` answers how long it was until the connection was made. */
function world(t: TestContext, random = 0.5) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const now = () => new Date()
  const redial = new Redial({
    policy: () => policy,
    timings: { reconnectMs: SECOND },
    now,
    random: () => random,
  })
  function wait(planned = false): number | 'given up' {
    let made = false
    const plannedAt = Date.now()
    const dial = (isCurrent: () => boolean) => {
      made = isCurrent()
    }
    if (!redial.plan(planned, dial)) return 'given up'
    for (t.mock.timers.tick(0); !made; ) t.mock.timers.tick(STEP_MS)
    return Date.now() - plannedAt
  }
  return { redial, wait }
}

test('waits double up to the limit of the policy, and the whole has its limit too', t => {
  const { wait } = world(t)
  const waits = Array.from({ length: 8 }, () => wait())
  assert.deepEqual(
    waits,
    [1, 2, 4, 8, 16, 32, 60, 60].map(seconds => seconds * SECOND),
  )
  const rest = Array.from({ length: 20 }, () => wait())
  assert.equal(rest.at(-1), 'given up')
  assert.equal(rest.indexOf('given up'), 7, 'after ten minutes')
})

test('many that were cut off together do not come back together', t => {
  assert.equal(world(t, 0).wait(), 800)
  t.mock.timers.reset()
  assert.equal(world(t, 0.999).wait(), 1_200)
})

test('a planned connection is made at once, unless it follows one that did not come about', t => {
  const { wait } = world(t)
  assert.equal(wait(true), 0)
  assert.equal(wait(true), 2 * SECOND)
})

test('a connection that opens and soon ends gets no fresh start, and one that has held for ten seconds does', t => {
  const { redial, wait } = world(t)
  for (const expected of [1, 2, 4]) {
    assert.equal(wait(), expected * SECOND)
    redial.opened()
    t.mock.timers.tick(9 * SECOND)
  }
  assert.equal(wait(), 8 * SECOND)
  redial.opened()
  t.mock.timers.tick(10 * SECOND)
  assert.equal(wait(), SECOND)
})

test('what is cancelled is not made, and what somebody asks for begins anew', t => {
  const { redial, wait } = world(t)
  while (wait() !== 'given up');
  let made = 0
  redial.begin()
  assert.equal(
    redial.plan(false, () => made++),
    true,
  )
  redial.cancel()
  t.mock.timers.tick(MINUTE)
  assert.equal(made, 0)
  assert.equal(wait(), 2 * SECOND)
})
