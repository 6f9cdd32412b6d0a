import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyUses } from '../../app/identity/key-uses.ts'
import { silentLog } from '../../app/lib/log.ts'

test('remembers the last use over restarts, and writes once a minute however often a key is used', async () => {
  const written = new Map<string, string>()
  let writes = 0
  let at = Date.parse('2026-11-26T12:00:00Z')
  const meta = {
    get: async (name: string) => written.get(name),
    async set(name: string, value: string) {
      writes += 1
      written.set(name, value)
    },
  }
  const start = () => createKeyUses({ store: { meta }, log: silentLog, now: () => new Date(at) })
  const uses = start()
  assert.equal(await uses.lastUse('aa'), undefined)
  for (let second = 0; second < 60; second++, at += 1_000) uses.note('aa')
  assert.equal(writes, 1)
  assert.equal((await uses.lastUse('aa'))?.toISOString(), '2026-11-26T12:00:59.000Z')
  assert.equal((await start().lastUse('aa'))?.toISOString(), '2026-11-26T12:00:00.000Z')
  uses.note('aa')
  uses.note('bb')
  assert.equal(writes, 3)
  assert.equal((await start().lastUse('aa'))?.toISOString(), '2026-11-26T12:01:00.000Z')
})
