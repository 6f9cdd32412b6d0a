import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { startAppliance } from '../appliance/running.ts'
import { promisesOf, tellReport } from '../report/finding.ts'
import { journalOff } from './journal-off.ts'
import { killAtPoints } from './kill-at-points.ts'

const ROOT = dirname(dirname(dirname(import.meta.dirname)))
const POINTS = ['inbound.decrypted', 'inbound.receipt_left', 'inbound.before_record']
const TIMES = 5
const PER_SECOND = 25
const skip = process.env.TEST_LONG === '1' ? false : 'minutes long: --long'

test('the same kills of an app whose journal is switched off lose messages that came in', {
  skip,
}, async t => {
  const without = journalOff(ROOT)
  t.after(() => without.remove())
  const appliance = await startAppliance({ root: without.root })
  t.after(() => appliance.dispose())
  const plans = Array.from({ length: TIMES }, (_, n) => POINTS.map(point => ({ point, hit: 1 + n }))).flat()
  const run = await killAtPoints(appliance, { plans, perSecond: PER_SECOND })
  const promises = promisesOf(run.comparisons)
  tellReport({
    layer: 'C',
    title: 'the control: the journal switched off, which must lose',
    load: `${run.kills} kills at ${POINTS.join(', ')}, ${PER_SECOND} messages a second wanted in each direction.`,
    promises,
  })
  const received = promises.find(({ name }) => name === 'written → message.received')
  t.diagnostic(
    `${received?.lost} of ${received?.count} messages that came in were lost in ${run.kills} kills`,
  )
  assert.ok((received?.lost ?? 0) > 0, 'a rig that cannot lose proves nothing')
})
