import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { insist } from '../../app/lib/insist.ts'
import { Pump } from '../../app/lib/pump.ts'

const fail = (error: unknown) => assert.fail(String(error))

test('makes one more round for all wakes that come during one', async () => {
  let rounds = 0
  const gate = Promise.withResolvers<void>()
  const pump = new Pump({
    round: async () => {
      rounds++
      await gate.promise
      return undefined
    },
    onError: fail,
  })
  pump.wake()
  for (let i = 0; i < 5; i++) pump.wake()
  assert.equal(rounds, 1)
  gate.resolve()
  await sleep(5)
  assert.equal(rounds, 2)
  pump.wake()
  await pump.stop()
  assert.equal(rounds, 3)
})

test('rests after a round: wakes meanwhile share the next, and stopping does not wait for it', async () => {
  let rounds = 0
  const pumpWith = (restMs: number) =>
    new Pump({
      round: async () => {
        rounds++
        return undefined
      },
      onError: fail,
      restMs,
    })
  const brief = pumpWith(100)
  for (let i = 0; i < 5; i++) {
    brief.wake()
    for (let turn = 0; turn < 10; turn++) await Promise.resolve() // the end of a round, were there no rest
  }
  assert.equal(rounds, 1)
  while (rounds < 2) await sleep(1)
  await sleep(200)
  assert.equal(rounds, 2)
  const before = rounds
  brief.wake()
  assert.equal(rounds, before + 1, 'after a rest a wake is served at once')
  await brief.stop()

  const long = pumpWith(60_000)
  long.wake()
  await sleep(1)
  long.wake()
  await long.stop()
  assert.equal(rounds, before + 2, 'none after the stop')
})

test('never runs two rounds at once, and loses no wake at the end of one', async () => {
  let running = 0
  let rounds = 0
  const pump = new Pump({
    round: async () => {
      assert.equal(++running, 1)
      await sleep(1)
      running--
      rounds++
      queueMicrotask(() => rounds < 20 && pump.wake())
      return undefined
    },
    onError: fail,
  })
  pump.wake()
  while (rounds < 20) await sleep(5)
  await pump.stop()
})

test('runs again when the delay it asked for has passed, and sooner when woken', async () => {
  const asked = [20, 60_000]
  let rounds = 0
  const pump = new Pump({
    round: async () => {
      rounds++
      return asked.shift()
    },
    onError: fail,
  })
  pump.wake()
  await sleep(80)
  assert.equal(rounds, 2)
  pump.wake()
  await pump.stop()
  assert.equal(rounds, 3)
})

test('reports what a round threw and goes on', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const errors: unknown[] = []
  let rounds = 0
  const pump = new Pump({
    round: async () => {
      if (++rounds === 1) throw new Error('disk full')
      return undefined
    },
    onError: error => errors.push(error),
  })
  pump.wake()
  await Promise.resolve().then(() => {})
  await new Promise(resolve => setImmediate(resolve))
  t.mock.timers.tick(1_000)
  await pump.stop()
  assert.equal(rounds, 2)
  assert.equal(errors.length, 1)
})

test('runs nothing after it was stopped', async () => {
  let rounds = 0
  const pump = new Pump({
    round: async () => {
      rounds++
      return 1
    },
    onError: fail,
  })
  await pump.stop()
  pump.wake()
  await sleep(10)
  assert.equal(rounds, 0)
})

test('insists until it succeeds, and gives up when told to', async () => {
  let failures = 0
  const options = {
    backoff: { baseMs: 1, maxMs: 2 },
    random: () => 0.5,
    signal: new AbortController().signal,
    onError: () => {
      failures++
    },
  }
  let left = 3
  const act = async () => {
    if (left-- > 0) throw new Error('not yet')
    return 'done'
  }
  assert.equal(await insist(act, options), 'done')
  assert.equal(failures, 3)

  const stopping = new AbortController()
  const never = insist(() => Promise.reject(new Error('never')), {
    ...options,
    backoff: { baseMs: 60_000, maxMs: 60_000 },
    signal: stopping.signal,
  })
  setTimeout(() => stopping.abort(), 10)
  assert.equal(await never, undefined)
})
