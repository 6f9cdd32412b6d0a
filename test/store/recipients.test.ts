import assert from 'node:assert/strict'
import { test } from 'node:test'
import { after, freshStore, open, temporaryFolder } from './fixture.ts'

const ALICE = '+12025550101'
const ADDRESS = '12025550101@s.whatsapp.net'

test('what is known of a recipient outlasts a restart, for its account alone', async t => {
  const folder = temporaryFolder(t)
  const before = await open(folder)
  await before.recipients.put('main', ALICE, { until: after(1_000), address: ADDRESS })
  await before.recipients.put('main', '+12025550199', { until: after(500) })
  await before.close()
  const store = await open(folder)
  t.after(() => store.close())
  assert.deepEqual(await store.recipients.get('main', ALICE), { until: after(1_000), address: ADDRESS })
  assert.deepEqual(await store.recipients.get('main', '+12025550199'), { until: after(500) })
  assert.equal(await store.recipients.get('second', ALICE), undefined)
})

test('a later answer replaces an earlier one, and takes old ones along', async t => {
  let now = after(0)
  const store = await freshStore(t, () => now)
  await store.recipients.put('main', '+12025550199', { until: after(10) })
  await store.recipients.put('main', '+12025550198', { until: after(2_000) })
  now = after(1_000)
  await store.recipients.put('main', ALICE, { until: after(500) })
  await store.recipients.put('main', ALICE, { until: after(2_000), address: ADDRESS })
  assert.equal((await store.recipients.get('main', ALICE))?.address, ADDRESS)
  assert.equal(await store.recipients.get('main', '+12025550199'), undefined)
  assert.notEqual(await store.recipients.get('main', '+12025550198'), undefined)
})
