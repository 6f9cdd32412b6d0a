import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runReceiverFaults } from './run.ts'

const EVENTS = process.env.TEST_LONG === undefined ? 2_000 : 100_000
const GROWS_AT_MOST = 50 * 1024 * 1024

test('whatever a receiver does, every event ends there or among the dead letters, in order', async t => {
  const counts = await runReceiverFaults({ events: EVENTS })
  t.diagnostic(JSON.stringify(counts))
  assert.equal(counts.pending, 0)
  assert.equal(counts.lost, 0)
  assert.equal(counts.unwitnessed, 0)
  assert.equal(counts.disordered, 0)
  assert.equal(counts.taken + counts.dead + counts.untrusted.owed, EVENTS)
  assert.ok(counts.dead > 0, 'some were never taken')
  assert.ok(counts.untrusted.owed > 0)
  assert.equal(counts.untrusted.dead, counts.untrusted.owed, 'nobody trusts the wrong certificate')
  for (const fault of [
    'error',
    'redirect',
    'limited',
    'reset',
    'long-error',
    'long-thanks',
    'silence',
    'drip',
  ]) {
    assert.ok((counts.ledger.kinds[fault] ?? 0) > 0, `${fault} happened`)
  }
  if (process.env.TEST_LONG !== undefined) assert.ok(counts.grown.atEnd < GROWS_AT_MOST, 'memory')
})
