import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Sandbox, sleep, startSandbox } from './sandbox.ts'
import { beginUpload } from './uploading.ts'

const skip = process.env.TEST_LONG === undefined && 'minutes long: --long'
const MIB = 1024 * 1024
/** Half a minute after its start the app looks through its database, in a thread of its own. */
const START_MS = 75_000
const CALM_MS = 10_000
const CALM_WITHIN_MS = 300_000

test('the app grows by less than 8 MiB during an upload of 64 MiB', { skip }, async t => {
  const sandbox = await startSandbox()
  t.after(() => sandbox.dispose())
  await upload(sandbox, 1) // what an upload needs is loaded
  await sleep(START_MS)
  await calm(sandbox)
  const grown: number[] = []
  for (let n = 0; n < 5; n += 1) {
    const before = resident(sandbox)
    let most = before
    const watch = setInterval(() => (most = Math.max(most, resident(sandbox))), 20)
    await upload(sandbox, 64)
    clearInterval(watch)
    grown.push(Math.round(most - before))
  }
  t.diagnostic(`grown by ${grown.join(', ')} MiB, at ${Math.round(resident(sandbox))} MiB`)
  assert.deepEqual(
    grown.filter(mib => mib >= 8),
    [],
  )
})

async function upload(sandbox: Sandbox, mib: number): Promise<void> {
  const block = Buffer.concat([Buffer.from('no known type: '), randomBytes(MIB)]).subarray(0, MIB)
  const uploading = beginUpload(sandbox, mib * MIB)
  for (let n = 0; n < mib; n += 1) await uploading.write(block)
  assert.equal(await uploading.status, 201)
}

/** Waits until what the app does for itself after its start is done. */
async function calm(sandbox: Sandbox): Promise<void> {
  const deadline = Date.now() + CALM_WITHIN_MS
  for (let before = 0; Math.abs(resident(sandbox) - before) > 1; await sleep(CALM_MS)) {
    assert.ok(Date.now() < deadline, 'the app never rests')
    before = resident(sandbox)
  }
}

function resident(sandbox: Sandbox): number {
  const status = readFileSync(`/proc/${sandbox.endpoints().pids.app}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024
}
