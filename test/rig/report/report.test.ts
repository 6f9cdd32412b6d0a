import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { afterwards } from '../../helpers/afterwards.ts'
import { promisesOf, tellReport } from './finding.ts'
import { readFindings, renderReport } from './write.ts'

const comparison = { unpromised: [], otherId: [], disordered: [], repeats: 1 }

test('tells N, losses, repeats, recovery times and the bound of what the tests left behind', t => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-report-'))
  afterwards(t, () => {
    delete process.env.TEST_REPORT_FOLDER
    rmSync(folder, { recursive: true })
  })
  process.env.TEST_REPORT_FOLDER = folder
  const promises = promisesOf([
    { ...comparison, name: 'accepted → phones', count: 100, lost: [] },
    { ...comparison, name: 'accepted → phones', count: 200, lost: [] },
    { ...comparison, name: 'written → webhooks', count: 10, lost: [{ key: 'one', id: '1' }] },
  ])
  const recovery = { acceptingMs: [100, 300, 200], openMs: [400, 500, 600] }
  tellReport({
    layer: 'B',
    title: 'kills',
    load: '3 kills',
    promises,
    recovery,
    notes: ['on a busy machine'],
  })
  const report = renderReport(readFindings(folder), '7 passed, 0 failed, 0 skipped')
  assert.match(report, /## B: kills/)
  assert.match(report, /\| accepted → phones \| 300 \| 0 \| 2 \| 0 lost in 300: fewer than 1\.0 % at 95 % \|/)
  assert.match(report, /\| written → webhooks \| 10 \| 1 \| 1 \| 1 lost in 10 \|/)
  assert.match(report, /\| the account open again \| 3 \| 500 ms \| 600 ms \| 600 ms \|/)
  assert.match(report, /- on a busy machine/)
  assert.match(report, /7 passed/)
})

test('leaves nothing behind without a report to be written', () => {
  assert.equal(process.env.TEST_REPORT_FOLDER, undefined)
  tellReport({ layer: 'B', title: 'kills', load: '', promises: [] })
})
