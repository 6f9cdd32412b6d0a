import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { eventually } from '../outbox/world.ts'
import { startReceiver, temporaryFolder } from '../sandbox/running-receiver.ts'
import { SIGNING_SECRET } from './samples.ts'

test('posts again after a restart, under the same id, what had no answer when the process was killed', async t => {
  const folder = temporaryFolder(t)
  const receiver = await startReceiver(t)
  const start = (): ChildProcess => {
    const script = join(import.meta.dirname, 'crashing-deliveries.ts')
    const caFile = join(receiver.state, 'receiver-ca.pem')
    return spawn(process.execPath, [script, join(folder, 'data'), receiver.url, caFile], { stdio: 'inherit' })
  }
  await receiver.behave({ status: 200, delay_ms: 10_000, times: 1 })
  const first = start()
  const ended = once(first, 'exit')
  await eventually(
    async () => ((await receiver.deliveries()).length === 1 ? true : undefined),
    'the first attempt',
    20_000,
  )
  first.kill('SIGKILL')
  await ended

  const [code] = await once(start(), 'exit')
  assert.equal(code, 0)
  const receipts = await receiver.deliveries()
  assert.equal(receipts.length, 2)
  assert.equal(new Set(receipts.map(receipt => receipt.headers['webhook-id'])).size, 1)
  assert.equal(receipts[0]?.body, receipts[1]?.body)
  for (const receipt of receipts) new Webhook(SIGNING_SECRET).verify(receipt.body, receipt.headers)
})
