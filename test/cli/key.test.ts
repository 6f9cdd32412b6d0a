import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { keyCommand } from '../../app/cli/key.ts'
import { startHttp } from '../http/running-http.ts'
import { testPolicy } from '../http/running-policy.ts'
import { runCommand } from './running.ts'

test('key issue shows a key of 256 bits once, keeps its hash alone, and replaces it only when told to', async t => {
  const root = mkdtempSync(join(tmpdir(), 'postern-key-'))
  t.after(() => rmSync(root, { recursive: true }))
  const key = (...args: string[]) => runCommand(keyCommand, join(root, 'data'), ['issue', ...args])
  const shown = JSON.parse((await key('reports', '--json')).out)
  assert.match(shown.key, /^pk_[A-Za-z0-9_-]{43}$/)
  assert.equal(shown.hash_ref, 'secret:key-reports')
  assert.equal(shown.hash_file, join(root, 'secrets', 'key-reports'))
  const hashOf = (text: string) => `${createHash('sha256').update(text).digest('hex')}\n`
  assert.equal(readFileSync(shown.hash_file, 'utf8'), hashOf(shown.key))
  assert.equal(statSync(shown.hash_file).mode & 0o777, 0o400)
  await assert.rejects(key('reports'), { code: 'key.exists' })
  assert.equal(readFileSync(shown.hash_file, 'utf8'), hashOf(shown.key))
  const { out } = await key('reports', '--renew')
  const renewed = /pk_\S+/.exec(out)?.[0] ?? ''
  assert.notEqual(renewed, shown.key)
  assert.equal(readFileSync(shown.hash_file, 'utf8'), hashOf(renewed))
  await assert.rejects(key('../up'), { code: 'pki.name' })
})

test('key list shows when a key was used last, from where it counts and until when', async t => {
  const [key, idle] = ['k', 'i'].map(letter => `pk_${letter.repeat(43)}`) as [string, string]
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const secrets: Record<string, string> = { 'secret:key-reports': hash(key), 'secret:key-idle': hash(idle) }
  const http = await startHttp({ secrets })
  t.after(() => http.stop())
  const { principals } = testPolicy()
  const reports = principals.get('reports') ?? assert.fail()
  const expiresAt = new Date('2020-01-01T00:00:00Z')
  const over = { ...reports, name: 'idle', apiKeyHashRef: 'secret:key-idle', networks: [], expiresAt }
  const lost = { ...reports, name: 'lost', apiKeyHashRef: 'secret:key-lost' }
  http.setPolicy({ principals: new Map([...principals, ['idle', over], ['lost', lost]]) })
  const list = async () => {
    const { data } = JSON.parse((await runCommand(keyCommand, http.dataDir, ['list', '--json'])).out)
    return Object.fromEntries(data.map((one: { name: string }) => [one.name, one]))
  }
  const before = await list()
  assert.deepEqual(Object.keys(before), ['reports', 'idle', 'lost'])
  assert.equal(before.reports.last_used_at, null)
  const asked = (headers: Record<string, string>) => http.ask({ path: '/v1/whoami', site: 'keys', headers })
  assert.equal((await asked({ authorization: `Bearer ${key}x` })).status, 401)
  assert.equal((await list()).reports.last_used_at, null)
  assert.equal((await asked({ authorization: `Bearer ${key}` })).status, 200)
  const { reports: used, idle: unused, lost: unusable } = await list()
  assert.ok(Date.now() - Date.parse(used.last_used_at) < 60_000)
  assert.deepEqual([used.state, used.id, used.expires_at], ['valid', hash(key).slice(0, 12), null])
  assert.deepEqual(
    [unused.state, unused.expires_at, unused.networks],
    ['expired', expiresAt.toISOString(), []],
  )
  assert.deepEqual([unusable.state, unusable.id, unusable.last_used_at], ['unusable', null, null])
  const { out } = await runCommand(keyCommand, http.dataDir, ['list'])
  assert.ok(!out.includes(hash(key)))
  assert.match(out, /^idle +[0-9a-f]{12} +expired +never +2020-01-01T00:00:00\.000Z +any$/m)
})
