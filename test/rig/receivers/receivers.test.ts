import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellReport } from '../report/finding.ts'
import { type ReceiverCounts, runReceiverFaults } from './run.ts'

const LONG = process.env.TEST_LONG !== undefined
const EVENTS = LONG ? 100_000 : 1_000
const GROWS_AT_MOST = 50 * 1024 * 1024

test('whatever a receiver does, every event ends there or among the dead letters, in order', async () => {
  const counts = await runReceiverFaults({ events: EVENTS })
  report(counts)
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
  if (LONG) assert.ok(counts.grown.atEnd < GROWS_AT_MOST, 'memory')
})

function report({
  events,
  lost,
  repeats,
  taken,
  dead,
  untrusted,
  disordered,
  ...rest
}: ReceiverCounts): void {
  const { ledger, virtualDays, seconds, grown } = rest
  const kinds = Object.entries(ledger.kinds).map(([kind, count]) => `${count} ${kind}`)
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`
  tellReport({
    layer: 'F',
    title: 'receivers',
    load: `${events} events over ${virtualDays.toFixed(1)} days of virtual time, in ${seconds.toFixed(0)} s`,
    promises: [{ name: 'events → webhooks or dead letters', count: events, lost, repeats }],
    notes: [
      `${taken} taken, ${dead} dead letters, ${untrusted.dead} more at a certificate nobody trusts, ${disordered} out of order`,
      `${ledger.received} attempts arrived: ${kinds.join(', ')}; for 72 hours nobody listened`,
      ...(LONG
        ? [
            `memory: ${megabytes(grown.atEnd)} more at the end than a tenth of the way in, ${megabytes(grown.atMost)} at most`,
          ]
        : []), // a short run is over before everything is warm
    ],
  })
}
