import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { silentLog } from '../../app/lib/log.ts'
import { Writer } from '../../app/store/writer/writer.ts'
import { KEY, open, temporaryFolder } from './fixture.ts'

test('when the writer dies, every waiting and later write is told, and so is who listens', async t => {
  const folder = temporaryFolder(t)
  const store = await open(folder)
  const told: string[] = []
  store.onFailure(error => told.push(error.code))
  await store.meta.set('before', '1')
  const killed = t.mock.method(Worker.prototype, 'postMessage', function (this: Worker) {
    void this.terminate()
  })
  await assert.rejects(store.meta.set('during', '1'), { code: 'store.writer_died' })
  killed.mock.restore()
  await assert.rejects(store.meta.set('after', '1'), { code: 'store.writer_died' })
  assert.deepEqual(told, ['store.writer_died'])
  await store.close()
  const again = await open(folder)
  t.after(() => again.close())
  assert.equal(await again.meta.get('before'), '1')
})

test('a writer that cannot open its database says so instead of starting', async t => {
  const file = join(temporaryFolder(t), 'no-such-folder', 'postern.db')
  const start = Writer.start({ file, key: createSecretKey(KEY.reveal()) }, silentLog)
  await assert.rejects(start, { code: 'store.writer_died', message: /cannot be opened/ })
})
