import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { after, before, test } from 'node:test'
import { type Appliance, startAppliance } from '../appliance/running.ts'
import { promisesOf, tellReport } from '../report/finding.ts'
import { ofToday } from '../rota.ts'
import { killAtPoints } from './kill-at-points.ts'
import { pointsOf } from './points.ts'

const ROOT = dirname(dirname(dirname(import.meta.dirname)))
const LONG = process.env.TEST_LONG === '1'
/** Each time at another of a point's hits. */
const TIMES = LONG ? Number(process.env.RIG_TIMES ?? 20) : 1
/** In CI a few each day, so that each point has its turn within a week. */
const A_DAY = 6
const PER_SECOND = Number(process.env.RIG_RATE ?? (LONG ? 25 : 10))
const LATEST_HIT = 4

let appliance: Appliance | undefined
before(async () => {
  appliance = await startAppliance()
})
after(() => appliance?.dispose())

test('the app names at least 25 points', () => {
  assert.ok(pointsOf(ROOT).length >= 25, pointsOf(ROOT).join(', '))
})

test('dying at any named point while messages flow loses none', async () => {
  assert.ok(appliance !== undefined)
  const points = LONG ? pointsOf(ROOT) : ofToday(pointsOf(ROOT), A_DAY)
  const plans = Array.from({ length: TIMES }, (_, n) =>
    points.map(point => ({ point, hit: 1 + (n % LATEST_HIT) })),
  ).flat()
  const run = await killAtPoints(appliance, { plans, perSecond: PER_SECOND })
  tellReport({
    layer: 'C',
    title: 'kills at named points',
    load: `${run.kills} kills: ${points.length} points, ${TIMES} times each, ${PER_SECOND} messages a second wanted in each direction.`,
    promises: promisesOf(run.comparisons),
    notes: [`points: ${points.join(', ')}`, `not reached: ${run.unreached.join(', ') || 'none'}`],
  })
  assert.deepEqual({ faults: run.faults, unreached: run.unreached }, { faults: [], unreached: [] })
})
