import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Appliance, startAppliance } from '../appliance/running.ts'
import { promisesOf, tellReport } from '../report/finding.ts'
import { ofToday } from '../rota.ts'
import { runScenes } from './run-scenes.ts'
import { SCENES } from './scenes.ts'

const LONG = process.env.TEST_LONG === '1'
const PER_SECOND = Number(process.env.RIG_RATE ?? (LONG ? 20 : 10))
/** In CI a few each day, so that each has its turn within a week. */
const A_DAY = 3
const scenes = LONG
  ? SCENES
  : ofToday(
      SCENES.filter(({ onlyLong }) => onlyLong === undefined),
      A_DAY,
    )

let appliance: Appliance | undefined
before(async () => {
  appliance = await startAppliance()
})
after(() => appliance?.dispose())

test('no fault of WhatsApp’s side loses a message, and the account comes out of each', async () => {
  assert.ok(appliance !== undefined)
  const { comparisons, faults, violations } = await runScenes(appliance, { scenes, perSecond: PER_SECOND })
  tellReport({
    layer: 'G',
    title: 'faults of WhatsApp’s side',
    load: `${scenes.length} faults one after the other, ${PER_SECOND} messages a second wanted in each direction.`,
    promises: promisesOf(comparisons),
    notes: [`faults: ${scenes.map(({ fault }) => Object.values(fault).join(' ')).join(', ')}`],
  })
  assert.deepEqual({ faults, violations }, { faults: [], violations: [] })
})
