import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Appliance, startAppliance } from '../appliance/running.ts'
import type { Verdict } from '../check/settle.ts'
import { percentile } from '../check/statistics.ts'
import { promisesOf, tellReport } from '../report/finding.ts'
import { runKills } from './kills.ts'
import type { Recovery } from './recovery.ts'

const LONG = process.env.TEST_LONG === '1'
const KILLS = Number(process.env.RIG_KILLS ?? (LONG ? 1_000 : 30))
const PER_SECOND = Number(process.env.RIG_RATE ?? (LONG ? 50 : 20))
/** The receiver gets everything, four webhooks for a message each way; in the long run as many as there are messages. */
const TOLD = LONG ? ['message.received'] : undefined
/** What recovery takes on a machine that has nothing else to do; only the long run is on one. */
const RECOVERED_MS = 5_000

let appliance: Appliance | undefined
before(async () => {
  appliance = await startAppliance(TOLD === undefined ? {} : { events: TOLD })
})
after(() => appliance?.dispose())

test('kill -9 of the app while messages flow both ways and to a receiver loses none', async () => {
  assert.ok(appliance)
  const { recoveries, comparisons, violations, faults } = await runKills(appliance, {
    kills: KILLS,
    perSecond: PER_SECOND,
    told: TOLD,
    random: Math.random,
    ...(LONG ? { onRound: tellRound } : {}),
  })
  const openMs = recoveries.map(recovery => recovery.openMs)
  tellReport({
    layer: 'B',
    title: 'kill -9 at random moments',
    load: `${recoveries.length} kills, each 50 to 2 000 ms after the app had come back; ${PER_SECOND} messages a second wanted in each direction, ${TOLD ?? 'all events'} to a receiver; a rest and a comparison after each hundred.`,
    promises: promisesOf(comparisons),
    recovery: { acceptingMs: recoveries.map(recovery => recovery.acceptingMs), openMs },
    notes: [`violations of WhatsApp's protocol: ${violations.length}`],
  })
  assert.deepEqual(faults, [])
  assert.deepEqual(violations, [])
  if (LONG) assert.ok((percentile(openMs, 99) ?? 0) < RECOVERED_MS, `p99 is ${percentile(openMs, 99)} ms`)
})

/** Of a run that takes an hour, one wants to see how it goes. */
function tellRound({ comparisons, faults }: Verdict, recoveries: readonly Recovery[]): void {
  const [accepting, open] = (['acceptingMs', 'openMs'] as const).map(which => {
    const times = recoveries.map(recovery => recovery[which])
    return [50, 99, 100].map(rank => Math.round(percentile(times, rank) ?? 0)).join(', ')
  })
  const counts = comparisons.map(({ name, count, lost }) => `${name} ${lost.length} of ${count} lost`)
  console.log(
    `${recoveries.length} kills; p50, p99 and most until it answers again ${accepting} ms, until it is open ${open} ms; ${counts.join(', ')}; ${faults.length} faults`,
  )
}
