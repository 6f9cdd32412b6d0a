import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Appliance, startAppliance } from '../appliance/running.ts'
import { promisesOf, tellReport } from '../report/finding.ts'
import { runScenes } from './run-scenes.ts'
import { SCENES } from './scenes.ts'

const PER_SECOND = Number(process.env.RIG_RATE ?? 20)
const LONG = process.env.TEST_LONG === '1'

let appliance: Appliance | undefined
before(async () => {
  if (LONG) appliance = await startAppliance()
})
after(() => appliance?.dispose())

test('no fault of WhatsApp’s side loses a message, and the account comes out of each', {
  skip: !LONG,
}, async () => {
  assert.ok(appliance !== undefined)
  const { comparisons, faults } = await runScenes(appliance, { scenes: SCENES, perSecond: PER_SECOND })
  tellReport({
    layer: 'G',
    title: 'faults of WhatsApp’s side',
    load: `${SCENES.length} faults one after the other, ${PER_SECOND} messages a second wanted in each direction.`,
    promises: promisesOf(comparisons),
    notes: [`faults: ${SCENES.map(({ fault }) => Object.values(fault).join(' ')).join(', ')}`],
  })
  assert.deepEqual(faults, [])
})
