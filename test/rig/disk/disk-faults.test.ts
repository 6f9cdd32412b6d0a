import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { tellReport } from '../report/finding.ts'
import { type DiskCounts, diskFull, ioError, readOnly } from './disk-faults.ts'

function whole(t: TestContext, counts: DiskCounts): void {
  t.diagnostic(JSON.stringify(counts))
  const { acknowledged, lost, refused } = counts
  const promises = [{ name: 'acknowledged → on the disk', count: acknowledged, lost, repeats: 0 }]
  tellReport({ layer: 'E', title: t.name, load: `${refused} writes refused meanwhile.`, promises })
  assert.equal(counts.lost, 0)
  assert.ok(counts.acknowledged > 0)
}

test('a full disk: alarms, no promise without a commit, and recovery by itself', async t => {
  const counts = await diskFull()
  whole(t, counts)
  assert.ok(counts.refused > 0)
  if (counts.means !== 'mount') return
  assert.equal(counts.alarms[0], 'disk.filling')
  assert.equal(counts.alarms.at(-1), 'disk.room')
})

test('I/O errors: no promise without a commit, and recovery by itself', async t => {
  const counts = await ioError()
  whole(t, counts)
  assert.ok(counts.refused > 0)
})

test('a read-only folder: refused in words, nothing changed, and it starts once it can be written', async t => {
  whole(t, await readOnly())
})
