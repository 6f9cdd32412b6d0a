import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Comparison } from '../check/compare.ts'
import { promisesOf, tellReport } from '../report/finding.ts'
import { emptyStore } from './disk.ts'
import { runSeed } from './run.ts'

/** `TEST_SEED=n` runs that seed alone. */
const ALONE = process.env.TEST_SEED
const SEEDS = process.env.TEST_LONG === '1' ? 10_000 : 1_000
const CONTROL_SEEDS = 30
const LISTED = 10

let empty: Awaited<ReturnType<typeof emptyStore>>
before(async () => {
  empty = await emptyStore()
})
after(() => empty.remove())

test('no seed breaks an invariant, whatever fails and whenever the process dies', async () => {
  const seeds = ALONE === undefined ? Array.from({ length: SEEDS }, (_, n) => n + 1) : [Number(ALONE)]
  const broken: string[] = []
  const comparisons: Comparison[] = []
  let crashes = 0
  for (const seed of seeds) {
    const run = await runSeed(seed, { disk: empty.disk() })
    crashes += run.crashes
    comparisons.push(...run.comparisons)
    if (run.faults.length > 0) broken.push(`TEST_SEED=${seed}: ${run.faults.join('; ')}`)
  }
  const load = `${seeds.length} seeds, ${crashes} deaths at named points, on a virtual clock.`
  tellReport({ layer: 'A', title: 'seeded simulation', load, promises: promisesOf(comparisons) })
  assert.deepEqual(broken.slice(0, LISTED), [], `${broken.length} of ${seeds.length} seeds`)
})

test('the same seed is the same history', async () => {
  const run = async () => {
    const { comparisons, crashes } = await runSeed(7, { disk: empty.disk() })
    return { crashes, figures: comparisons.map(({ name, count, repeats }) => ({ name, count, repeats })) }
  }
  assert.deepEqual(await run(), await run())
})

test('control: a receipt that leaves before anything is durable loses messages, and the simulation says so', async () => {
  let lost = 0
  for (let seed = 1; seed <= CONTROL_SEEDS; seed++) {
    const { comparisons } = await runSeed(seed, { disk: empty.disk(), receiptFirst: true })
    lost += comparisons.find(({ name }) => name === 'written → message.received')?.lost.length ?? 0
  }
  const notes = [`${lost} messages lost in ${CONTROL_SEEDS} seeds when receipts leave before the commit`]
  tellReport({ layer: 'A', title: 'control without the journal', load: 'Must lose.', promises: [], notes })
  assert.ok(lost > 0, 'the control lost nothing: the simulation would not notice a loss')
})
