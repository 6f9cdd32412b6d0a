import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Complaint, Watch } from '../../app/whatsapp/connection/watch.ts'
import { TIMINGS } from '../../app/whatsapp/timings.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const EVERY_MS = 30 * SECOND

/** A watch with the real timings, a clock of its own and a connection that answers as told. */
function world({ every = true, pings = true, phone = true } = {}) {
  const state = { at: 0, every, pings, phone, pingCount: 0, checkCount: 0 }
  const complaints: { at: number; complaint: Complaint }[] = []
  const watch = new Watch({
    now: () => new Date(state.at),
    timings: TIMINGS,
    selfCheckEveryMs: () => (state.every ? EVERY_MS : undefined),
  })
  const socket = {
    async ping() {
      state.pingCount += 1
      if (state.pings) watch.heard()
    },
    async selfCheck() {
      state.checkCount += 1
      if (state.pings) watch.heard() // the server's ack
      if (state.phone) watch.delivered()
    },
  }
  /** Lets time pass, looking as often as the connection does; a complaint is followed by a new log-in. */
  async function pass(ms: number): Promise<void> {
    for (const end = state.at + ms; state.at < end; ) {
      state.at += TIMINGS.lookMs
      const complaint = watch.look()
      await Promise.resolve()
      if (complaint === undefined) continue
      complaints.push({ at: state.at, complaint })
      watch.closed()
      watch.opened(socket)
    }
  }
  watch.opened(socket)
  return { watch, state, complaints, pass }
}

test('a connection that answers and delivers is left alone', async () => {
  const { watch, state, complaints, pass } = world()
  await pass(HOUR)
  assert.deepEqual(complaints, [])
  assert.equal(watch.receives, true)
  assert.ok(state.pingCount > 100, 'a quiet connection is pinged')
})

test('an account that something is delivered to all the time is asked nothing', async () => {
  const { watch, state, pass } = world()
  for (let passed = 0; passed < HOUR; passed += 10 * SECOND) {
    watch.heard()
    watch.delivered()
    await pass(10 * SECOND)
  }
  assert.equal(state.checkCount, 0)
  assert.equal(state.pingCount, 0)
})

test('silence is noticed within half a minute, also without self-checks', async () => {
  const { watch, complaints, pass } = world({ every: false, pings: false })
  await pass(25 * SECOND)
  assert.equal(watch.receives, true)
  await pass(10 * SECOND)
  assert.deepEqual(complaints[0]?.complaint, { kind: 'silent' })
  assert.ok((complaints[0]?.at ?? HOUR) <= 35 * SECOND)
})

test('deafness is noticed within 75 s of the last delivery, and receiving is not claimed from then on', async () => {
  const { watch, state, complaints, pass } = world({ phone: false })
  await pass(75 * SECOND)
  assert.deepEqual(complaints, [{ at: 65 * SECOND, complaint: { kind: 'deaf', again: false } }])
  assert.equal(watch.receives, false)
  state.phone = true
  await pass(3 * MINUTE)
  assert.equal(watch.receives, true, 'the next check proves it')
})

test('without self-checks in the policy nobody notices deafness, and none is sent', async () => {
  const { state, complaints, pass } = world({ every: false, phone: false })
  await pass(HOUR)
  assert.deepEqual(complaints, [])
  assert.equal(state.checkCount, 0)
})

test('a phone that is off all night is no reason for a loop: one loud cure, then ever rarer quiet ones', async () => {
  const { watch, complaints, pass } = world({ phone: false })
  await pass(12 * HOUR)
  const loud = complaints.filter(({ complaint }) => complaint.kind === 'deaf' && !complaint.again)
  assert.equal(loud.length, 1)
  assert.ok(complaints.length < 20, `${complaints.length} log-ins in twelve hours`)
  const gaps = complaints.slice(1).map(({ at }, n) => at - (complaints[n]?.at ?? 0))
  assert.deepEqual(
    gaps,
    gaps.toSorted((one, other) => one - other),
    'never more often than before',
  )
  assert.equal(watch.receives, false)
})

test('whatever is delivered ends the doubt, and the next deafness is told aloud again', async () => {
  const { watch, complaints, pass } = world({ phone: false })
  await pass(10 * MINUTE)
  watch.delivered()
  assert.equal(watch.receives, true)
  complaints.length = 0
  await pass(75 * SECOND)
  assert.deepEqual(complaints[0]?.complaint, { kind: 'deaf', again: false })
})

test('the time in which the machine slept is not held against the connection', async () => {
  const { watch, state, complaints, pass } = world({ pings: false, phone: false })
  await pass(20 * SECOND)
  assert.equal(state.pingCount, 1)
  state.at += HOUR
  assert.equal(watch.look(), undefined)
  watch.heard()
  await pass(5 * SECOND)
  assert.deepEqual(complaints, [])
  await pass(35 * SECOND)
  assert.equal(complaints.length, 1, 'the time after it is')
})

test('self-checks that the policy takes back leave no verdict behind', async () => {
  const { watch, state, complaints, pass } = world({ phone: false })
  await pass(75 * SECOND)
  state.every = false
  complaints.length = 0
  await pass(HOUR)
  assert.equal(watch.receives, true)
  assert.deepEqual(complaints, [])
})
