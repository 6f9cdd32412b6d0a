import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../check/ledger.ts'
import { sendThroughApi } from './client.ts'

/** A flow to an api that answers `after` so many calls, and never when that is infinite. */
function flowTo(after: number) {
  const [ending, closing] = [new AbortController(), new AbortController()]
  const ledger: Entry[] = []
  let calls = 0
  const api = {
    async call() {
      calls += 1
      if (calls <= after) return undefined
      ending.abort()
      return { status: 202, json: { message_id: 'one' } }
    },
    close() {},
  }
  const signals = { ending: ending.signal, closed: closing.signal }
  const sent = sendThroughApi({ number: '+15550101000', everyMs: 1, round: 1, ledger, api, ...signals })
  return { sent, ledger, calls: () => calls, end: () => ending.abort(), close: () => closing.abort() }
}

test('asks until it is answered, also when it is to end meanwhile', async () => {
  const { sent, ledger, calls, end } = flowTo(3)
  while (calls() === 0) await new Promise(setImmediate)
  end()
  await sent
  assert.equal(calls(), 4)
  assert.deepEqual(
    ledger.map(({ id }) => id),
    ['one'],
  )
})

test('lets go of what is never answered once it is closed', async () => {
  const { sent, ledger, calls, end, close } = flowTo(Number.POSITIVE_INFINITY)
  while (calls() < 2) await new Promise(setImmediate)
  end()
  close()
  await sent
  assert.deepEqual(ledger, [])
})
